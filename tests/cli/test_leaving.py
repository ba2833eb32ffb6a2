"""The program ends at once and as programs end: all that was said is out, and what was left to the end is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import postmortem as pm

PROGRAM = """
import atexit, sys, tempfile
kept = tempfile.TemporaryDirectory(dir=sys.argv.pop(1))
atexit.register(print, "at the end")
from postmortem.__main__ import main
main()
"""


@pytest.mark.parametrize("words, code", [(("--version",), 0), (("check", "-e", "nowhere"), 2), (("check", "--no"), 2)])
def test_all_is_said_and_tidied_and_the_code_is_told(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), *words]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert ended.returncode == code
    assert ended.stdout.endswith("at the end\n")
    assert ended.stdout.startswith(f"postmortem {pm.__version__}\n" if not code else "")
    assert bool(ended.stderr) == bool(code)
    assert not list(tmp_path.iterdir())
