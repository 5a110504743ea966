"""Collectors and Spark services: Kafka in, Delta and Kafka out."""
