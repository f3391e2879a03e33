"""A pipeline as a service: a page to paste a text into, and JSON for other programs."""
