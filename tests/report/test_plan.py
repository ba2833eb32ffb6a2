"""A run checks its notebooks before it executes the first."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from postmortem.ground.errors import ConfigError
from postmortem.report.notebooks.parameters import KNOWN, Parameters
from postmortem.report.notebooks.plan import plan


def write(folder: Path, name: str, parameters: str | None, title: str = "Mine") -> Path:
    cells = [new_markdown_cell(f"# {title}")]
    if parameters is not None:
        cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    path = folder / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_built_in_notebooks_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [notebook.name for notebook in plan(tmp_path)]
    assert names == sorted(names)
    assert names[:4] == ["00-data-readiness", "01-quarter-overview", "02-competitor-losses", "03-status-quo-losses"]


def test_every_built_in_notebook_declares_parameters_that_a_run_fills(tmp_path: Path) -> None:
    assert all(set(notebook.parameters) <= set(KNOWN) for notebook in plan(tmp_path))


def test_an_own_notebook_joins_and_one_of_the_same_name_replaces(tmp_path: Path) -> None:
    own = write(tmp_path, "01-quarter-overview", 'quarter = "last"')
    write(tmp_path, "50-own", "window = 4")
    found = {notebook.name: notebook for notebook in plan(tmp_path)}
    assert found["01-quarter-overview"].path == own
    assert found["50-own"].parameters == ("window",)
    assert found["50-own"].title == "Mine"


def test_a_notebook_about_one_deal_is_made_only_when_it_is_asked_for(tmp_path: Path) -> None:
    assert "deal-dossier" not in {notebook.name for notebook in plan(tmp_path)}
    (asked,) = plan(tmp_path, ["deal-dossier"])
    assert "deal_id" in asked.parameters
    assert Parameters("2025Q3", "auto", 4, "2025-10-06").of(("deal_id",)) == {"deal_id": ""}


def test_a_built_in_notebook_without_a_number_is_no_page_unless_asked_for_ejected_or_not(tmp_path: Path) -> None:
    for own in (False, True):
        if own:
            write(tmp_path, "gallery", 'quarter = "last"')
            write(tmp_path, "mine", 'quarter = "last"')
        names = [notebook.name for notebook in plan(tmp_path)]
        assert "gallery" not in names
        assert ("mine" in names) == own
        assert [notebook.name for notebook in plan(tmp_path, ["gallery"])] == ["gallery"]


def test_pages_are_chosen_by_name_or_number_and_keep_that_order(tmp_path: Path) -> None:
    names = [notebook.name for notebook in plan(tmp_path, ["02", "00-data-readiness", "02"])]
    assert names == ["02-competitor-losses", "00-data-readiness"]


def test_an_unknown_page_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="01-quarter-overview"):
        plan(tmp_path, ["01-quarter-overvew"])


@pytest.mark.parametrize("parameters", ["import_os = 1", 'quarter = "last"\nowner = "x"'])
def test_a_parameter_that_no_run_fills_is_refused(tmp_path: Path, parameters: str) -> None:
    write(tmp_path, "50-own", parameters)
    with pytest.raises(ConfigError, match="no run can fill"):
        plan(tmp_path)


def test_a_notebook_without_a_parameter_cell_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "50-own", None)
    with pytest.raises(ConfigError, match="exactly one cell tagged"):
        plan(tmp_path)


def test_a_broken_notebook_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "50-own.ipynb").write_text("{not json", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"50-own\.ipynb"):
        plan(tmp_path)


def test_a_notebook_is_told_only_what_it_declares() -> None:
    told = Parameters(quarter="2025Q3", kind="auto", window=4, as_of="2025-10-06")
    assert told.of(("window", "quarter")) == {"window": 4, "quarter": "2025Q3"}
