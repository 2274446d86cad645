"""What is sent over a connection, in each format."""
