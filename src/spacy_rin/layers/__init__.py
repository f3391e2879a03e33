"""Docs → vectors → the network's scores, thinc ↔ torch: the registered architectures.

`architecture` wraps the network of `nn`. `embed` and `encoder` are the paper's own tok2vec, which
can be replaced by any other.
"""
