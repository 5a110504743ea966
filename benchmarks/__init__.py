"""What the docs' figures are copied from; each module is one command."""
