"""The list of analyses: whole, in order, and one file and one line away from a further question."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import postmortem
from postmortem.analyses import ANALYSES, NAMES
from postmortem.findings import (
    COMPARISON_NAMES,
    COMPARISONS,
    OF_REPORT_NAMES,
    OF_REPORTS,
    OVERVIEW_NAMES,
    OVERVIEWS,
    find,
)
from postmortem.ground.errors import UsageError
from postmortem.ground.resources import PACKAGE

SHARED = {"asked", "__init__", "cache", "contract", "needs"}
HELPERS = {
    "__init__",
    "gate",
    "gaps",
    "compared",
    "evidence",
    "earlier",
    "actions",
    "scoring",
    "told",
    "claims",
    "benchmarks",
}

NEW_FILE = '''"""How many deals there are."""

from __future__ import annotations

import pandas as pd

from postmortem.analyses.contract import Analysis
from postmortem.frames.cohort import Cohort
from postmortem.result import Column, Result, Table, Tables


def deals_counted(cohort: Cohort) -> Result:
    """How many deals are there?

    Returns
    -------
    Result
        Table ``number``, one row: ``deals``.
    """
    rows = pd.DataFrame({"deals": [len(cohort.focus_rows)]})
    tables = {"number": Table(rows, (Column("deals", "count", "Deals"),), "Deals")}
    return ANALYSIS.answer(tables, cohort, n_used=len(cohort.focus_rows))


def headline(tables: Tables) -> str:
    """Say the number."""
    return f"There are {tables['number'].first['deals']} deals."


ANALYSIS = Analysis(deals_counted, headline, None, family="fact", method="Counted.")
'''

ASK_IT = """
import postmortem as pm
from builders import closed, deal, make_book
from postmortem.findings import ANALYSES, find

frame = closed(make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-08-02")]))
result = pm.deals_counted(frame)
assert result.headline == "There are 2 deals."
assert find("deals_counted").restore(result.to_dict()).headline == result.headline
assert "deals_counted" in dir(pm)
assert "How many deals are there?" in list(pm.readiness(frame).tables["questions"].rows["question"])
print(len(ANALYSES), pm.__file__)
"""


def test_every_file_is_listed_and_every_name_has_its_file() -> None:
    files = {path.stem for path in (PACKAGE / "analyses").glob("*.py")} - SHARED
    assert files == set(NAMES)
    assert [entry.name for entry in ANALYSES] == list(NAMES)
    found = {path.stem for path in (PACKAGE / "findings").glob("*.py")} - HELPERS
    assert found == {*OVERVIEW_NAMES, *COMPARISON_NAMES, *OF_REPORT_NAMES}
    assert [entry.name for entry in OVERVIEWS] == list(OVERVIEW_NAMES)
    assert [entry.name for entry in COMPARISONS] == list(COMPARISON_NAMES)
    assert [entry.name for entry in OF_REPORTS] == [find(name).name for name in OF_REPORT_NAMES]


def test_analyses_never_import_each_other() -> None:
    for name in NAMES:
        text = (PACKAGE / "analyses" / f"{name}.py").read_text(encoding="utf-8")
        assert not [other for other in NAMES if other != name and f"analyses.{other}" in text], name


@pytest.mark.parametrize("name", [*NAMES, *OVERVIEW_NAMES, *COMPARISON_NAMES])
def test_every_analysis_is_found_and_public(name: str) -> None:
    assert find(name).name == name
    assert name in dir(postmortem)
    assert getattr(postmortem, name).__name__ == name


def test_an_unknown_analysis_suggests_the_nearest() -> None:
    with pytest.raises(UsageError, match="loss_destination"):
        find("loss_destinations")


@pytest.mark.thorough
def test_a_new_analysis_is_one_file_and_one_line(tmp_path: Path) -> None:
    copy = tmp_path / "postmortem"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "analyses" / "deals_counted.py").write_text(NEW_FILE, encoding="utf-8")
    registry = copy / "analyses" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    last = f'    "{NAMES[-1]}",\n'
    assert text.count(last) == 1
    registry.write_text(text.replace(last, last + '    "deals_counted",\n'), encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", ASK_IT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    number, place = ran.stdout.split(maxsplit=1)
    assert int(number) == len(ANALYSES) + 1
    assert Path(place.strip()).is_relative_to(tmp_path), "the copy was tried, not the checkout"
