"""What is live: the follower of Kafka, and the WebSocket gateway."""
