"""The form of what IRC clients send and get; docs/irc.md says what differs from other servers."""
