"""The list of refusals is kept by tests that exist: every module and test it names is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for line in (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| rule ")
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_a_rule_names_a_module_and_a_test_that_exist(row):
    rule, module, reached = row
    assert rule and (ROOT / module.strip("`")).is_file()
    file, name = reached.strip("` |").split("::")
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_was_read():
    text = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    assert len(ROWS) == len(re.findall(r"::test_", text)) > 40
