"""What Spark and the collectors run: Kafka in, Delta and Kafka out."""
