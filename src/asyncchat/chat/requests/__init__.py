"""What a command awaits from the store, and the passwords that are hashed for it."""
