"""thinc ↔ torch: the registered architectures, from Docs to vectors to the network's scores."""
