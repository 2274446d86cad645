"""What IRC clients are told, beside what all users are told."""
