"""The command `postmortem`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from postmortem.cli import app

    app.start()


if __name__ == "__main__":
    main()
