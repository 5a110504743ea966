"""Publication of the generated stream to Kafka: the past, the present, bursts, and the state between two starts."""
