"""What the operator does with the file of a store."""
