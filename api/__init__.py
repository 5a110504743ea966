"""What Django serves: history, status and the viewer, over the lakehouse reader."""
