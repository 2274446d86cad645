"""The command line: exit codes, and the commands; the only package that imports `aio`, `threads` and `ui` alike."""

import sys
from collections.abc import Sequence

from asyncchat.cli.arguments import parse
from asyncchat.errors import ChatError, OutputClosed
from asyncchat.system import stdio

FAILED = 1
INTERRUPTED = 130


def main(given: Sequence[str] | None = None) -> int:
    """Run the command in the arguments; return the exit code: 0, 1 (network, runtime) or 130 (Ctrl-C).

    Wrong usage raises SystemExit(2).
    """
    try:
        stdio.secure()
        options = parse(sys.argv[1:] if given is None else given)
        code: int = options.run(options)
    except ChatError as error:
        stdio.report(str(error), level="error")
        return FAILED
    except OutputClosed:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code
