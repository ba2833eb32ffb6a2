"""The command `postmortem`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line."""
    # Nothing made while the commands are read is garbage; a command that is called collects again.
    gc.disable()
    from postmortem.cli import app

    try:
        app.start()
    except SystemExit as left:
        _leave(left)


def _leave(left: SystemExit) -> NoReturn:
    """End as a program does, but for taking its memory apart object by object, which takes half a second after a run.

    What libraries do at the end is done. Where the last words cannot be written, the interpreter says so.
    """
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        raise left from None
    os._exit(left.code if isinstance(left.code, int) else 0)


if __name__ == "__main__":
    main()
