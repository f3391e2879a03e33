"""Docs → pictures in SVG, pages and graphs in HTML. spaCy and numpy only."""
