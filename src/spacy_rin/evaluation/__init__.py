"""A pipeline and gold Docs → scores, kinds of errors, and a model card."""
