"""The command line starts with what it needs to say what it can do, and nothing else."""

from __future__ import annotations

import subprocess
import sys

LOADED = "; import sys; print(*sys.modules)"


def loaded(code: str) -> set[str]:
    told = subprocess.run([sys.executable, "-c", code + LOADED], capture_output=True, text=True, check=True)
    return set(told.stdout.split())


def test_the_commands_are_known_without_loading_a_library_that_typer_does_not() -> None:
    # What is compiled into the interpreter is no library.
    beside = loaded("import postmortem.cli.app") - loaded("import typer") - set(sys.builtin_module_names)
    assert {name for name in beside if not name.startswith(("postmortem", "__future__"))} == set()
    ours = {name.split(".")[1] for name in beside if name.startswith("postmortem.")}
    assert ours == {"cli", "ground"}
    assert {name for name in beside if name.startswith("postmortem.ground.")} == {"postmortem.ground.errors"}
