"""The client for programs: what `import asyncchat` offers."""
