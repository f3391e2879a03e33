"""Docs ↔ arrays: windows, tags and gold cells going in, entities and triples coming out.

Only spaCy and numpy are imported here.
"""
