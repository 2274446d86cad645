"""The API for programs, which `import asyncchat` provides."""
