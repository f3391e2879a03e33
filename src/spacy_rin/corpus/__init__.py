"""Raw annotations → gold Docs in .spacy files, and statistics of these. spaCy and numpy only."""
