"""Built-in notebooks are thin: parameters, one import, one frame, then question, result and picture."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from plain_words import TERMS

from postmortem.ground import resources
from postmortem.report.notebooks.executed_notebooks import TAG
from postmortem.result import MIME

NOTEBOOKS = resources.notebooks()
# The gallery draws pictures of its own beside those of the answers.
IMPORTS = {"gallery": "import seaborn as sns\nimport seaborn.objects as so\n\nimport postmortem as pm"}
FORBIDDEN = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.Try, ast.With, ast.Lambda,
    ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.IfExp,
)  # fmt: skip


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


@pytest.fixture(params=NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_there_are_notebooks() -> None:
    assert len(NOTEBOOKS) >= 4


def test_it_is_committed_without_outputs_and_counts(path: Path) -> None:
    assert all(not cell.outputs and cell.execution_count is None for cell in code_cells(path))


def test_its_parameters_are_json_scalars(path: Path) -> None:
    (cell,) = [cell for cell in code_cells(path) if "parameters" in cell.metadata.get("tags", [])]
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.Assign)
        assert isinstance(ast.literal_eval(statement.value), str | int | float | bool)


def test_it_has_no_logic_of_its_own(path: Path) -> None:
    for cell in code_cells(path):
        found = [type(node).__name__ for node in ast.walk(ast.parse(cell.source)) if isinstance(node, FORBIDDEN)]
        assert not found, cell.source


def test_it_imports_once_and_loads_one_frame(path: Path) -> None:
    sources = [cell.source for cell in code_cells(path)]
    assert sum("import " in source for source in sources) == 1
    assert IMPORTS.get(path.stem, "import postmortem as pm") in sources
    assert sum(source.startswith("frame = pm.load_frame(") for source in sources) == 1


def test_a_cell_tagged_picture_draws_the_result_before_it_and_does_nothing_else(path: Path) -> None:
    before = ""
    for cell in code_cells(path):
        draws_alone = re.fullmatch(r"(\w+)\.plot\(\);", cell.source)
        assert (TAG in cell.metadata.get("tags", [])) == (draws_alone is not None), cell.source
        if draws_alone is not None:
            assert before.splitlines()[-1] == draws_alone[1]
        before = cell.source


def test_its_titles_and_texts_are_plain(path: Path) -> None:
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            assert not TERMS.search(cell.source), cell.source


def test_it_begins_with_a_title(path: Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")


@pytest.mark.slow
def test_the_gallery_runs_on_the_sample_with_an_answer_or_refusal_of_each_kind(tmp_path: Path) -> None:
    (gallery,) = [path for path in NOTEBOOKS if path.stem == "gallery"]
    notebook = nbformat.read(gallery, as_version=4)
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = [set(output.get("data", {})) for output in outputs]
    assert sum(MIME in kind for kind in kinds) == 10
    assert sum("image/png" in kind for kind in kinds) == 13
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
