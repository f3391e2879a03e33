"""Raw annotations → gold Docs in .spacy files, and what these hold. spaCy and numpy only."""
