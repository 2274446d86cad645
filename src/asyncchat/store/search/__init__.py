"""What a search finds: the words of a message, and the index of them."""
