"""Lets `python -m asyncchat` do what `asyncchat` does."""

import sys

from asyncchat.cli import main

if __name__ == "__main__":
    sys.exit(main())
