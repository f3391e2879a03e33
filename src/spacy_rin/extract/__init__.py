"""Documents → triples, at any scale: inputs, batches, engines, journal, output."""

from .run import extract, journal_path

__all__ = ["extract", "journal_path"]
