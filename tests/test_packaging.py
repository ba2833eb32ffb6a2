"""What is installed: the conda environment, the pins, the wheel, and nothing of the machine it was made on."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rattler import MatchSpec

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Where conda-forge calls a package otherwise than the package index does.
CONDA_NAMES = {"duckdb": "python-duckdb", "matplotlib": "matplotlib-base", "tzdata": "python-tzdata"}
# The card's packages, whether or not the package itself needs them to run.
CARD = {"jupyterlab", "pandas", "seaborn", "statsmodels", "papermill", "pytest"}


def requirements(texts: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(made.name): made for made in map(Requirement, texts)}


RUNTIME = requirements(PROJECT["dependencies"])
LAB = requirements(EXTRAS["lab"])
CARDS_OWN = {**{name: made for name, made in requirements(EXTRAS["test"]).items() if name in CARD}, **LAB}


# Imported without being declared: each comes with a declared package whose interface it is part of.
COMES_WITH = {
    "ipython": "ipykernel", "jupyter-client": "nbclient", "jupyter-core": "nbclient", "markupsafe": "jinja2",
    "pillow": "matplotlib", "threadpoolctl": "scikit-learn",
}  # fmt: skip


# Imported only where an extra was asked for: the module says how to get it where it is absent.
OF_AN_EXTRA = {"postmortem/explorer.py": LAB}


@pytest.mark.thorough
def test_what_the_package_imports_is_declared_or_comes_with_what_is():
    distributions = {name: {canonicalize_name(d) for d in found} for name, found in packages_distributions().items()}
    unknown = set()
    for path in (REPOSITORY / "postmortem").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for top in {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"postmortem"}:
                extra = OF_AN_EXTRA.get(path.relative_to(REPOSITORY).as_posix(), {})
                if not distributions.get(top, {top}) & {*RUNTIME, *COMES_WITH, *extra}:
                    unknown.add(top)
    assert unknown == set()


@pytest.mark.parametrize(("name", "carrier"), COMES_WITH.items())
def test_what_is_not_declared_does_come_with_what_is(name, carrier):
    assert carrier in RUNTIME
    assert name in requirements([text for text in requires(carrier) or [] if "extra ==" not in text])


@pytest.fixture(scope="module")
def environment() -> dict:
    """Read environment.yml."""
    return yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def specs(environment) -> dict[str, set[str]]:
    """Return name to version clauses of the conda packages, parsed strictly."""
    parsed = [MatchSpec(text, strict=True) for text in environment["dependencies"] if isinstance(text, str)]
    names = [str(spec.name.normalized) for spec in parsed]
    assert len(set(names)) == len(names)
    return {name: set(str(spec.version).split(",")) - {"None"} for name, spec in zip(names, parsed, strict=True)}


def clauses(requirement: Requirement) -> set[str]:
    return {str(clause) for clause in requirement.specifier}


def test_the_card_packages_are_all_named_somewhere():
    assert RUNTIME.keys() | CARDS_OWN.keys() >= CARD


def test_the_conda_environment_holds_the_runtime_dependencies_and_the_card_packages(specs):
    wanted = {CONDA_NAMES.get(name, name) for name in {*RUNTIME, *CARD, *LAB}}
    assert set(specs) == wanted | {"python", "pip"}


def test_the_conda_environment_has_the_bounds_of_the_package(specs):
    for name, requirement in {**CARDS_OWN, **RUNTIME}.items():
        assert specs[CONDA_NAMES.get(name, name)] == clauses(requirement), name
    assert specs["python"] == {PROJECT["requires-python"]}


def test_the_conda_environment_takes_the_package_from_this_folder_and_the_rest_from_conda_forge(environment):
    assert environment["channels"] == ["conda-forge"]
    assert [entry for entry in environment["dependencies"] if isinstance(entry, dict)] == [{"pip": ["-e ."]}]


@pytest.fixture(scope="module")
def pins() -> dict[str, str]:
    """Return name to version as pinned."""
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    stated = [line for line in lines if line and not line.startswith("#")]
    found = dict(line.split("==") for line in stated)
    assert len(found) == len(stated)
    return {canonicalize_name(name): version for name, version in found.items()}


def test_constraints_are_names_and_versions_and_nothing_else():
    for line in (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert line.startswith("# ") or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.+!]*", line), line


def test_every_runtime_dependency_is_pinned_within_its_bounds(pins):
    for name, requirement in RUNTIME.items():
        assert requirement.specifier.contains(pins[name]), name


def test_every_tool_of_the_checks_is_pinned_within_its_bounds(pins):
    for name, requirement in requirements([*EXTRAS["test"], *EXTRAS["dev"]]).items():
        if name != canonicalize_name(PROJECT["name"]):
            assert requirement.specifier.contains(pins[name]), name


def test_the_package_does_not_pin_itself(pins):
    assert canonicalize_name(PROJECT["name"]) not in pins


def tracked() -> list[Path]:
    """Return every file that is or would be committed."""
    if not (REPOSITORY / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: nothing tells committed files from others")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := REPOSITORY / name).is_file()]


# Written in pieces, so that this file does not find itself.
MARKS = (
    "/" + "work/",
    "/" + "root/",
    "/" + "home/[a-z]",
    "/" + "Users/[a-z]",
    "/" + "tmp/[a-z]",
    r"[A-Z]:\\" + "Users",
    "--(extra-)?" + "index-url",
    "--find" + "-links",
    "--trusted" + "-host",
    "file:" + "///",
    "localhost" + ":",
)
OF_A_MACHINE = re.compile("|".join(MARKS))


@pytest.mark.parametrize(
    "text", ["see /" + "work/x", "-i --" + "index-url=u", "C:\\" + "Users\\ann", "file:" + "///etc/x", "/" + "home/ann"]
)
def test_the_rule_below_knows_a_machine_when_it_sees_one(text):
    assert OF_A_MACHINE.search(text)


def test_no_file_carries_a_path_of_a_machine_or_an_index():
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content[:8000]:
            lines = content.decode("utf-8", errors="replace").splitlines()
            name = path.relative_to(REPOSITORY).as_posix()
            found += [
                f"{name}:{number}: {line[:90]}" for number, line in enumerate(lines, 1) if OF_A_MACHINE.search(line)
            ]
    assert found == []


def test_nothing_is_committed_that_a_run_leaves_behind():
    left = {"__pycache__", ".ipynb_checkpoints", ".postmortem", "reports", "build", "dist", ".venv"}
    assert [str(path) for path in tracked() if left & set(path.relative_to(REPOSITORY).parts[:-1])] == []


# What an installed package says of itself, asked from an empty folder by a process that knows no checkout.
QUESTIONS = """
import json, pathlib, postmortem
from postmortem.ground import resources
from postmortem.taxonomies import available
frame = postmortem.load_frame("2025Q3")
print(json.dumps({
    "package": str(pathlib.Path(postmortem.__file__).parent),
    "root": str(resources.root()),
    "notebooks": [path.name for path in resources.notebooks()],
    "samples": list(resources.samples()),
    "templates": sorted(path.name for path in resources.templates("report").iterdir()),
    "taxonomies": sorted(available()),
    "deals": len(frame.focus_rows),
    "left_behind": sorted(path.name for path in pathlib.Path().iterdir()),
    "page": len(str(postmortem.quarter_outcome(frame)._repr_html_())),
}))
"""


@pytest.mark.slow
def test_the_wheel_carries_all_it_needs_and_works_far_from_its_checkout(tmp_path):
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(REPOSITORY)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
    assert "postmortem/py.typed" in names
    hidden = [name for name in names if any(part.startswith(".") or part == "__pycache__" for part in Path(name).parts)]
    assert hidden == []
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"postmortem"}

    installed, empty = tmp_path / "installed", tmp_path / "empty"
    empty.mkdir()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(installed)]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("POSTMORTEM_")}
    surroundings |= {"HOME": str(empty), "PYTHONPATH": str(installed), "MPLCONFIGDIR": str(tmp_path)}
    asked = [sys.executable, "-W", "error", "-c", QUESTIONS]
    answer = subprocess.run(asked, cwd=empty, env=surroundings, check=True, capture_output=True, text=True).stdout
    told = json.loads(answer)

    assert told["package"] == str(installed / "postmortem")
    assert told["root"] == str(installed / "postmortem" / "bundled")
    assert told["notebooks"] == sorted(path.name for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
    assert told["samples"] == sorted(
        path.parent.name for path in (REPOSITORY / "data/samples").glob("*/postmortem.toml")
    )
    assert told["templates"] == sorted(path.name for path in (REPOSITORY / "templates/report").iterdir())
    assert told["taxonomies"] == sorted(path.stem for path in (REPOSITORY / "postmortem/taxonomies").glob("*.toml"))
    assert told["deals"] > 0
    assert told["page"] > 0
    assert told["left_behind"] == []
