"""Docs ↔ the forms in which other tools keep relations, one module a form.

The modules have plain functions on one Doc. `export` writes files with them; `corpus.convert` reads
those of Prodigy.
"""
