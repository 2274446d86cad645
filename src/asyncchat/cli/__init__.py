"""The command line: exit codes, and which command does the work; the only package that knows every shell."""

import sys
from collections.abc import Sequence

from asyncchat.cli.arguments import parse
from asyncchat.errors import ChatError, OutputClosed
from asyncchat.system import stdio

FAILED = 1
INTERRUPTED = 130


def main(given: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code: 0, 1 (network, runtime) or 130 (Ctrl-C).

    Wrong usage raises SystemExit(2).
    """
    try:
        stdio.secure()
        options = parse(sys.argv[1:] if given is None else given)
        code: int = options.run(options)
    except ChatError as error:
        stdio.report(str(error))
        return FAILED
    except OutputClosed:
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code
