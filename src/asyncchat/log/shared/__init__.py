"""A log that several servers share."""
