"""A lake, its metadata and the checkpoints beside it in one folder that can be checked, and back again."""
