"""Docs ↔ the forms in which other tools keep relations, one module a form.

Plain functions on one Doc; `export` writes files with them, and `convert` reads those of Prodigy.
"""
