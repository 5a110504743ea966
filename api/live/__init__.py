"""WebSocket gateway: rows reach clients as they come."""
