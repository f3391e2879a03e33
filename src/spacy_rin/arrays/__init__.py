"""Docs ↔ arrays: windows, tags, gold cells, what is decoded from scores. spaCy and numpy only."""
