"""Training of sentiment models from labelled texts, and their comparison with what is published."""
