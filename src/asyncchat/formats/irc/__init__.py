"""What is said to IRC clients, and what they say."""
