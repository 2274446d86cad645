"""Where a client keeps what it remembers."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the folder, as the XDG Base Directory Specification says."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # What is not absolute counts for nothing, as the standard says.
    base = Path(state) if os.path.isabs(state) else Path("~/.local/state").expanduser()
    return base / "asyncchat"
