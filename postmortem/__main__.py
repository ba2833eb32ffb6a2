"""The command `postmortem`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run the command line."""
    # Nothing made while the commands are read is garbage; a command that is called collects again.
    gc.disable()
    from postmortem.cli import app

    app.start()


if __name__ == "__main__":
    main()
