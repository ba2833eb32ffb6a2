"""Executed notebooks show the pictures of their pages; what an engagement's own notebook draws, it draws itself."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from postmortem.findings import find
from postmortem.frames.engagement import Engagement
from postmortem.ground import resources
from postmortem.report.notebooks.executed_notebooks import TAG, finish
from postmortem.report.notebooks.harvest import harvest
from postmortem.report.notebooks.pictures import NO_PICTURE, Picture, picture
from postmortem.report.notebooks.plan import plan
from postmortem.report.pages.blocks import FULL_WIDTH
from postmortem.report.run import run_quarter
from postmortem.result import MIME, Result

SVG, PNG = "<svg>lines</svg>", base64.b64encode(b"dots").decode()
OWN = (
    "import postmortem as pm\nfrom matplotlib import pyplot as plt\nframe = pm.load_frame(quarter)",
    "outcome = pm.quarter_outcome(frame)\noutcome",
    "outcome.plot().set_title('mine');",
    "plt.subplots(figsize=(1, 1));",
)


def address(kind: str, image: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(image).decode()}"


def shows(result: Result) -> nbformat.NotebookNode:
    data = {MIME: json.loads(json.dumps(result.to_dict())), "text/plain": "told"}
    return new_code_cell("shown", outputs=[new_output("execute_result", data, execution_count=1)])


def draws() -> nbformat.NotebookNode:
    return new_code_cell("shown.plot();", metadata={"tags": [TAG]})


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    cohort = Engagement.open(resources.sample("plain")).frame("2025Q3")
    names = ("quarter_outcome", "loss_destination", "rows_used")
    return {name: find(name).function(cohort) for name in names}


def test_a_cell_left_out_gets_the_picture_of_the_result_before_it(results: dict[str, Result], tmp_path: Path) -> None:
    first, second, undrawn = results.values()
    cells = [
        draws(),
        shows(first),
        new_markdown_cell("between"),
        draws(),
        shows(second),
        draws(),
        shows(undrawn),
        draws(),
    ]
    path = tmp_path / "executed.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    asked: list[str] = []

    def drawn(result: Result) -> Picture:
        asked.append(result.analysis)
        kinds = {
            "quarter_outcome": address("image/svg+xml", SVG.encode()),
            "loss_destination": address("image/png", b"dots"),
        }
        return Picture(kinds[result.analysis], 700, 200) if result.analysis in kinds else NO_PICTURE

    finish(path, [*results.values()], drawn)
    assert asked == ["quarter_outcome", "loss_destination", "rows_used"]
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    lost, one, two, three = [cell.outputs for cell in notebook.cells if TAG in cell.metadata.get("tags", ())]
    assert (lost, three) == ([], [])
    assert one[0].data == {"image/svg+xml": SVG, "text/plain": first.headline}
    assert one[0].metadata == {"image/svg+xml": {"width": 700, "height": 200}}
    assert two[0].data == {"image/png": PNG, "text/plain": second.headline}


def kinds(executed: Path) -> list[tuple[str, set[str]]]:
    cells = nbformat.read(executed, as_version=4).cells
    return [(cell.source, set(output.data)) for cell in cells for output in cell.get("outputs", []) if "data" in output]


def test_traces_of_the_run_are_taken_out_of_every_notebook_and_cells_of_an_own_one_stay(tmp_path: Path) -> None:
    cell = new_code_cell("1", metadata={"tags": [TAG], "papermill": {"duration": 0.1}, "execution": {"iopub": "now"}})
    cell.outputs = [new_output("display_data", data={"text/plain": "mine"})]
    path = tmp_path / "own.ipynb"
    nbformat.write(
        new_notebook(cells=[cell], metadata={"papermill": {"input_path": "somewhere.ipynb"}, "title": "Own"}), path
    )
    finish(path, None, lambda result: pytest.fail("nothing of it is drawn"))
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata == {"title": "Own"}
    (told,) = notebook.cells
    assert (told.metadata, told.outputs[0].data) == ({"tags": [TAG]}, {"text/plain": "mine"})


@pytest.mark.thorough
def test_a_run_draws_each_picture_once_and_an_own_notebook_its_own(tmp_path: Path) -> None:
    shutil.copytree(resources.sample("plain"), tmp_path / "plain", ignore=shutil.ignore_patterns("reports"))
    own = tmp_path / "plain" / "notebooks"
    own.mkdir()
    told = new_code_cell('quarter = "last"', metadata={"tags": ["parameters"]})
    cells = [new_markdown_cell("# Own"), told, *map(new_code_cell, OWN)]
    # The tag means something in built-in notebooks alone.
    cells[4].metadata["tags"] = [TAG]
    nbformat.write(new_notebook(cells=cells), own / "own.ipynb")
    engagement = Engagement.open(tmp_path / "plain")
    assert [each.is_built_in for each in plan(engagement.folder, ("02", "own"))] == [True, False]
    run = run_quarter(engagement, "2025Q3", output=tmp_path / "reports", notebooks=("02", "own"))
    assert not run.failed
    mine = dict(kinds(run.folder / "notebooks" / "own.ipynb"))
    assert {source: "image/png" in found for source, found in mine.items()} == {
        OWN[1]: False, OWN[2]: True, OWN[3]: True,
    }  # fmt: skip
    executed = run.folder / "notebooks" / "02-competitor-losses.ipynb"
    results = [result for result in harvest(executed).results if result.has_picture]
    pictures = [found - {"text/plain"} for source, found in kinds(executed) if source.endswith(".plot();")]
    assert len(pictures) == len(results) > 4
    page = (run.folder / "02-competitor-losses.html").read_text(encoding="utf-8")
    for cell in nbformat.read(executed, as_version=4).cells:
        for output in cell.get("outputs", []):
            vector = output.get("data", {}).get("image/svg+xml")
            if vector is not None:
                assert base64.b64encode(vector.encode()).decode() in page
    assert picture(results[0], FULL_WIDTH).uri in page
