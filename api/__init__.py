"""Django service: histories, state, metadata and the viewer, over the lakehouse reader."""
