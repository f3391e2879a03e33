"""A pipeline and gold Docs → scores, kinds of errors, and the model card."""
