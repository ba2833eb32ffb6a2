"""What a command writes: progress and errors on stderr, its answer on stdout, as text or one JSON document."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]


def say(line: str) -> None:
    """Write one line of progress."""
    print(line, file=sys.stderr, flush=True)


def emit(data: Any, text: str, as_json: bool) -> None:
    """Write the answer of a command: `data` as JSON, or `text` for people."""
    if as_json:
        import json

        text = json.dumps(data, indent=1, ensure_ascii=False, default=str)
    print(text)
