"""The examples of docs/scheduling.md do what it says: cron's line without an environment, the workflow in a copy."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")
CRON_HAS = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
NEEDS_THE_NETWORK = ("Install",)


def fenced(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)


def engagement(folder: Path, company: str) -> Path:
    folder.mkdir(parents=True)
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id"]
    lines += [f"D{n},{'lost' if n % 3 else 'won'},2025-08-{n % 28 + 1:02d},2025-02-01,100,R{n % 4}" for n in range(30)]
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "postmortem.toml").write_text(
        f'[company]\nname = "{company}"\n[data]\nextracted_on = 2025-10-06\n[tables.deals]\nfile = "deals.csv"\n'
        '[report]\npages = ["00"]\n',
        encoding="utf-8",
    )
    return folder


def commands(folder: Path) -> Path:
    """Write `postmortem` and `python` as an environment of its own would hold them."""
    folder.mkdir(parents=True)
    for name, words in {"postmortem": "-m postmortem", "python": ""}.items():
        place = folder / name
        place.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} {words} "$@"\n', encoding="utf-8")
        place.chmod(0o755)
    return folder


def run(command: str, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-e", "-c", command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def statuses(path: Path) -> list[str]:
    return [report["status"] for report in json.loads(path.read_text(encoding="utf-8"))["reports"]]


@pytest.mark.slow
def test_the_line_for_cron_runs_with_nothing_in_its_environment(tmp_path: Path) -> None:
    (line,) = fenced("cron")
    found = re.fullmatch(r"(?P<when>(?:\S+ ){5})(?P<command>.*)\n", line)
    assert found is not None and "%" not in found["command"].replace("\\%", "")
    folder, tools = engagement(tmp_path / "acme", "Acme"), commands(tmp_path / "bin")
    command = found["command"].replace("/srv/deals/acme", str(folder)).replace("/opt/deals/bin", str(tools))
    assert "/srv/" not in command and "/opt/" not in command
    environment = CRON_HAS | {"HOME": str(tmp_path / "home")}
    for expected in ("done", "unchanged"):
        done = run(command, tmp_path, environment)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), (folder / "run.log").read_text()
        assert statuses(folder / "run.json") == [expected]
    assert (folder / "reports" / "2025Q3" / "index.html").is_file()
    assert (folder / "reports" / "index.html").is_file()


def workflow() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the workflow")
    (text,) = fenced("yaml")
    told = yaml.safe_load(text)
    assert isinstance(told, dict)
    return told


def test_every_step_of_the_workflow_is_an_action_or_one_that_is_run_here() -> None:
    steps = workflow()["jobs"]["reports"]["steps"]
    assert [step["name"] for step in steps if "run" in step] == [
        "Install", "Make the reports", "Say what became of them",
    ]  # fmt: skip
    assert all(("uses" in step) != ("run" in step) for step in steps)


@pytest.mark.slow
def test_the_steps_of_the_workflow_make_the_reports_of_every_client(tmp_path: Path) -> None:
    place = tmp_path / "checkout"
    for name in ("acme", "birch"):
        engagement(place / "clients" / name, name.capitalize())
    tools = commands(tmp_path / "bin")
    environment = {**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "HOME": str(tmp_path / "home")}
    for expected in ("done", "unchanged"):
        said = []
        for step in workflow()["jobs"]["reports"]["steps"]:
            if "run" in step and step["name"] not in NEEDS_THE_NETWORK:
                done = run(step["run"], place, environment)
                assert done.returncode == 0, done.stderr
                said.append(done.stdout)
        assert said == ["", f"acme 2025Q3 {expected}\nbirch 2025Q3 {expected}\n"]
    shown = sorted(path.relative_to(place).as_posix() for path in place.glob("clients/*/reports/20*/index.html"))
    assert shown == ["clients/acme/reports/2025Q3/index.html", "clients/birch/reports/2025Q3/index.html"]


def test_the_example_for_airflow_compiles_and_the_commands_are_ours() -> None:
    (program,) = fenced("python")
    ast.parse(program)
    assert "postmortem run --quarter last --if-changed --json" in program


def test_every_option_that_the_page_names_is_one_of_run() -> None:
    from typer.main import get_command

    from postmortem.cli.app import app

    group = get_command(app)
    run_command = group.commands["run"]
    known = {name for parameter in run_command.params for name in parameter.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT)) <= known


def test_the_order_of_exit_codes_is_that_of_the_command() -> None:
    from postmortem.cli.batching import GRAVEST_FIRST

    assert ", ".join(map(str, GRAVEST_FIRST)) in TEXT
