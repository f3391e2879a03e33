"""What a config adds to `spacy train`: longer texts, the number of steps, and a history file."""
