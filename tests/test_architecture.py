"""The house and its floors: what may import what, and what package code never does, read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "postmortem"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("ground", "taxonomies"),
    ("stats", "charts", "table", "display", "result"),
    ("book",),
    ("intake", "simulate", "notes"),
    ("frames", "signals"),
    ("analyses",),
    ("findings",),
    ("report", "fieldwork"),
    ("cli", "explorer", "__init__", "__main__"),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# The rooms of a report, from the ground up; what stands before their doors (`run`, `batch`) is above them.
STOREYS = ("disk", "notebooks", "pages", "editions", "exports", "sharing")
# Rooms of one floor that know nothing of each other.
STRANGERS = (
    ("intake", "simulate"), ("intake", "notes"), ("simulate", "notes"),
    ("stats", "charts"), ("stats", "result"), ("charts", "result"),
)  # fmt: skip
SHARED_BY_ANALYSES = {
    "postmortem.analyses",
    "postmortem.analyses.contract",
    "postmortem.analyses.asked",
    "postmortem.analyses.needs",
    "postmortem.analyses.cache",
}

LONGEST = 300
DATA = {"postmortem/ground/schema.py"}
# Where any error may be caught: what leaves the command line, and what a user's own code raises, which can be anything.
BOUNDARIES = ["postmortem/cli/app.py", "postmortem/signals/own.py"]
READS_THE_CLOCK = {"postmortem/report/run.py"}
CLOCK = {"now", "today", "utcnow", "time_ns", "localtime", "gmtime", "ctime"}
NO_NAMES = {"utils", "util", "helpers", "helper", "misc", "common"}


@dataclass(frozen=True)
class Module:
    """One source file and its syntax tree."""

    path: Path

    @property
    def name(self) -> str:
        """Path from the repository, as people write it."""
        return self.path.relative_to(REPOSITORY).as_posix()

    @property
    def dotted(self) -> str:
        """Name as imports write it; a package goes by its folder."""
        return ".".join(self.path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")

    @property
    def room(self) -> str:
        """Folder or file below the package."""
        return self.path.relative_to(PACKAGE).parts[0].removesuffix(".py")

    @property
    def in_cli(self) -> bool:
        """Whether it belongs to the command line, or starts something from one."""
        return self.room == "cli" or self.path.name == "__main__.py"

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.path.read_text(encoding="utf-8"), str(self.path))

    @cached_property
    def every_node(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree, walked once for all rules."""
        return tuple(ast.walk(self.tree))

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Yield all nodes of these kinds, however deep."""
        return (node for node in self.every_node if isinstance(node, kinds))

    def at(self, node: ast.AST) -> str:
        """Say where a node stands."""
        return f"{self.name} line {node.lineno}"


MODULES = tuple(Module(path) for path in sorted(PACKAGE.rglob("*.py")) if "bundled" not in path.parts)
DOTTED = {module.dotted: module for module in MODULES}


def imported(module: Module) -> Iterator[tuple[str, ast.AST]]:
    """Yield every module of the package that `module` imports, wherever the import stands."""
    for node in module.nodes(ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            package = module.dotted if module.path.name == "__init__.py" else module.dotted.rpartition(".")[0]
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            # A name that is a module of its own counts as that module, not as the package it lies in.
            names = [name if (name := f"{source}.{alias.name}") in DOTTED else source for alias in node.names]
        for name in names:
            if name.split(".")[0] == "postmortem":
                yield name, node


def room_of(dotted: str) -> str:
    return dotted.split(".")[1] if "." in dotted else "__init__"


def test_the_rules_below_see_imports_wherever_they_stand(tmp_path):
    # Without this, a reader of imports that finds nothing would let everything pass.
    source = """
import postmortem.report.run
from postmortem import result as r
from postmortem.ground import schema, errors
from postmortem.book.book import Book
def late():
    from postmortem.cli import app
    import pandas
if TYPE_CHECKING:
    from . import store
    from ..frames import cohort
"""
    module = Module(PACKAGE / "book" / "made_up.py")
    module.__dict__["tree"] = ast.parse(source)
    assert [name for name, _ in imported(module)] == [
        "postmortem.report.run", "postmortem.result", "postmortem.ground.schema", "postmortem.ground.errors",
        "postmortem.book.book", "postmortem.cli.app", "postmortem.book.store", "postmortem.frames.cohort",
    ]  # fmt: skip


def test_every_room_stands_on_a_floor():
    assert {module.room for module in MODULES} <= set(FLOOR_OF)


def test_imports_go_down_or_stay_on_their_floor():
    upward = [
        f"{module.at(node)}: {name}"
        for module in MODULES
        for name, node in imported(module)
        if FLOOR_OF[room_of(name)] > FLOOR_OF[module.room]
    ]
    assert upward == []


def storey_of(dotted):
    """Return how high a module of a report stands, from its name."""
    inner = dotted.split(".")[2:-1]
    return STOREYS.index(inner[0]) if inner else len(STOREYS)


def test_a_report_is_made_from_the_ground_up():
    made = [module for module in MODULES if module.room == "report"]
    upward = [
        f"{module.at(node)}: {name}"
        for module in made
        for name, node in imported(module)
        if room_of(name) == "report" and storey_of(name) > storey_of(module.dotted)
    ]
    assert upward == []
    assert {module.path.parent.name for module in made} == {"report", *STOREYS}


def test_every_import_of_the_package_names_a_module_that_exists():
    nowhere = [
        f"{module.at(node)}: {name}" for module in MODULES for name, node in imported(module) if name not in DOTTED
    ]
    assert nowhere == []


@pytest.mark.parametrize("rooms", STRANGERS, ids=" and ".join)
def test_rooms_that_are_strangers_never_import_each_other(rooms):
    met = [
        f"{module.at(node)}: {name}"
        for module in MODULES
        if module.room in rooms
        for name, node in imported(module)
        if room_of(name) in rooms and room_of(name) != module.room
    ]
    assert met == []


def test_analyses_never_import_each_other():
    others = [
        f"{module.at(node)}: {name}"
        for module in MODULES
        if module.room == "analyses"
        for name, node in imported(module)
        if room_of(name) == "analyses" and name not in SHARED_BY_ANALYSES
    ]
    assert others == []


def test_package_code_never_asserts():
    assert [module.at(node) for module in MODULES for node in module.nodes(ast.Assert)] == []


def caught(handler: ast.ExceptHandler) -> set[str]:
    """Return the names a handler catches; a bare one catches everything."""
    if handler.type is None:
        return {"everything"}
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(kind).rpartition(".")[2] for kind in kinds}


def test_errors_are_caught_by_name_everywhere_but_at_the_two_boundaries():
    broad = [
        module.name
        for module in MODULES
        for node in module.nodes(ast.ExceptHandler)
        if caught(node) & {"everything", "Exception", "BaseException"}
    ]
    assert broad == BOUNDARIES


def test_only_the_command_line_prints():
    prints = [
        module.at(node)
        for module in MODULES
        if not module.in_cli
        for node in module.nodes(ast.Call)
        if isinstance(node.func, ast.Name) and node.func.id in ("print", "input")
    ]
    assert prints == []


def is_clock(node: ast.AST) -> bool:
    """Whether code asks what time it is: `date.today()`, `time.time()`, `Timestamp("now")`, `from time import time`."""
    if isinstance(node, ast.ImportFrom):
        return node.module == "time" and any(alias.name in {*CLOCK, "time"} for alias in node.names)
    if not isinstance(node, ast.Call):
        return False
    called, name = node.func, ast.unparse(node.func).rpartition(".")[2]
    if name in ("Timestamp", "to_datetime", "datetime64"):
        return any(isinstance(arg, ast.Constant) and arg.value in ("now", "today") for arg in node.args)
    # A `.time()` of anything but the module is a time of day.
    return name in CLOCK or ast.unparse(called) == "time.time"


@pytest.mark.parametrize(
    ("code", "clock"),
    [
        ("dt.datetime.now(dt.UTC)", True),
        ("datetime.date.today()", True),
        ("time.time()", True),
        ("time.time_ns()", True),
        ("from time import time", True),
        ("pd.Timestamp.now()", True),
        ("pd.Timestamp('now')", True),
        ("pd.to_datetime('today')", True),
        ("dt.time(9, 30)", False),
        ("value.time()", False),
        ("time.monotonic_ns()", False),
        ("pd.Timestamp(day)", False),
    ],
)
def test_the_rule_below_knows_a_clock_when_it_sees_one(code, clock):
    assert any(map(is_clock, ast.walk(ast.parse(code)))) is clock


def test_the_clock_is_read_by_the_runner_and_the_command_line_alone():
    reads = [
        module.at(node)
        for module in MODULES
        if not module.in_cli and module.name not in READS_THE_CLOCK
        for node in module.every_node
        if is_clock(node)
    ]
    assert reads == []


def test_modules_are_short_enough_to_be_read():
    lengths = {module.name: len(module.path.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST and name not in DATA} == {}


def test_modules_are_named_after_what_they_hold():
    assert [module.name for module in MODULES if {module.path.stem, module.room} & NO_NAMES] == []


INVENTORY = re.compile(r"^- `(?P<path>postmortem/[\w/]+\.py)` — (?P<text>\S.*)$", re.MULTILINE)


def summary(module: Module) -> str:
    return (ast.get_docstring(module.tree) or "").split("\n\n")[0].replace("\n", " ")


def test_the_inventory_names_every_module_once_and_no_other():
    listed = [
        match["path"] for match in INVENTORY.finditer((REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8"))
    ]
    assert len(set(listed)) == len(listed)
    missing = [f"- `{module.name}` — {summary(module)}" for module in MODULES if module.name not in listed]
    gone = sorted(set(listed) - {module.name for module in MODULES})
    assert not missing, "add to ARCHITECTURE.md:\n" + "\n".join(missing)
    assert not gone, f"remove from ARCHITECTURE.md: {gone}"
