"""The command line: what each command says, writes and leaves with."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement
from postmortem.ground import resources


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        start(words)
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    lines = ["deal_id,outcome,closed_at,created_at,amount,owner_id,loss_reason_raw"]
    lines += [
        f"D{n},{'lost' if n % 3 else 'won'},2025-08-{n % 28 + 1:02d},2025-02-01,100,R{n % 4},{'Price' if n % 3 else ''}"
        for n in range(30)
    ]
    (folder / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--help")
    assert code == 0
    assert all(name in out for name in ("demo", "init", "check", "run", "taxonomy", "notebooks", "lab"))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version")[1].startswith("postmortem ")


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "run", "--quarterly")
    assert (code, out) == (2, "")
    assert "quarter" in err


def test_a_folder_without_configuration_says_how_to_make_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, _, err = call(capsys, "run", "--engagement", str(tmp_path))
    assert code == 2
    assert "postmortem init DIR --from EXPORT" in err


def test_an_error_is_one_json_document_when_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "run", "--engagement", str(tmp_path), "--json")
    assert json.loads(out)["exit_code"] == code == 2


def test_init_then_check_then_run(capsys: pytest.CaptureFixture[str], export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    code, out, _ = call(capsys, "init", str(folder), "--from", str(export))
    assert code == 0, out
    assert (folder / "postmortem.toml").is_file()
    code, out, _ = call(capsys, "check", "--engagement", str(folder), "--quarter", "2025Q3", "--json")
    assert code == 0
    assert {result["analysis"] for result in json.loads(out)["results"]} == {
        "rows_used", "not_understood", "readiness",
    }  # fmt: skip
    code, out, err = call(
        capsys, "run", "-e", str(folder), "-q", "2025Q3", "-o", str(tmp_path / "out"), "--page", "00", "--json"
    )
    assert code == 0, err
    (report,) = json.loads(out)["reports"]
    assert Path(report["index"]).is_file()
    assert (report["deals"], report["frame"]) == (30, "closed")


def test_init_does_not_write_over_a_configuration(capsys: pytest.CaptureFixture[str], export: Path) -> None:
    assert call(capsys, "init", str(export), "--from", str(export))[0] == 0
    code, _, err = call(capsys, "init", str(export), "--from", str(export))
    assert code == 2
    assert "--force" in err


def test_a_forecast_frame_without_history_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], export: Path, tmp_path: Path
) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    code, _, err = call(
        capsys, "run", "-e", str(export), "-q", "2025Q3", "-o", str(tmp_path / "out"), "--frame", "forecast"
    )
    assert code == 3
    assert "The forecast as it was cannot be rebuilt" in err


@pytest.mark.parametrize(("quarter", "code"), [("2025Q1", 4), ("2026Q3", 2), ("soon", 2), ("2025Q3..2025Q1", 2)])
def test_a_quarter_that_cannot_be_reported_on(
    capsys: pytest.CaptureFixture[str], export: Path, tmp_path: Path, quarter: str, code: int
) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    left, out, err = call(capsys, "run", "-e", str(export), "-q", quarter, "-o", str(tmp_path / "out"))
    assert (left, out) == (code, "")
    assert "Traceback" not in err


@pytest.mark.thorough
def test_a_range_reports_what_it_can_and_leaves_with_the_gravest_code(
    capsys: pytest.CaptureFixture[str], export: Path, tmp_path: Path
) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    bare = new_notebook(cells=[new_code_cell('quarter = "last"', metadata={"tags": ["parameters"]})])
    (export / "notebooks").mkdir()
    nbformat.write(bare, export / "notebooks" / "90-bare.ipynb")
    code, out, _ = call(
        capsys, "run", "-e", str(export), "-q", "2025Q2..2025Q3", "-o", str(tmp_path / "out"), "--page", "90", "--json"
    )
    assert code == 4
    assert [report["status"] for report in json.loads(out)["reports"]] == ["not made", "done"]


def test_taxonomy_show_and_lint(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "taxonomy", "show", "red_zone")
    assert code == 0
    assert "true_buyer_not_engaged" in out
    assert call(capsys, "taxonomy", "lint", "red_zone")[0] == 0
    code, _, err = call(capsys, "taxonomy", "show", "red_zon")
    assert code == 2
    assert "red_zone" in err


def test_eject_copies_once_and_runs_use_the_copy(capsys: pytest.CaptureFixture[str], export: Path) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    assert call(capsys, "notebooks", "eject", "02", "-e", str(export))[0] == 0
    assert (export / "notebooks" / "02-competitor-losses.ipynb").is_file()
    assert call(capsys, "notebooks", "eject", "02", "-e", str(export))[0] == 2
    _, out, _ = call(capsys, "notebooks", "list", "-e", str(export), "--json")
    assert "02-competitor-losses" in json.loads(out)
    copy = export / "notebooks" / "02-competitor-losses.ipynb"
    built_in = next(path for path in resources.notebooks() if path.name == copy.name)
    assert copy.read_bytes() == built_in.read_bytes()
    own = nbformat.read(copy, as_version=4)
    own.cells[0].source = "# Our own title"
    nbformat.write(own, copy)
    assert json.loads(call(capsys, "notebooks", "list", "-e", str(export), "--json")[1])[copy.stem] == "Our own title"


def test_the_gallery_is_ejected_and_stays_out_of_reports(capsys: pytest.CaptureFixture[str], export: Path) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    code, out, _ = call(capsys, "notebooks", "eject", "gallery", "-e", str(export))
    assert code == 0 and "gallery.ipynb" in out and "when they are told to" in out
    assert (export / "notebooks" / "gallery.ipynb").is_file()
    assert "gallery" not in json.loads(call(capsys, "notebooks", "list", "-e", str(export), "--json")[1])


def test_ejecting_what_is_not_there_suggests_the_nearest(capsys: pytest.CaptureFixture[str], export: Path) -> None:
    call(capsys, "init", str(export), "--from", str(export))
    code, _, err = call(capsys, "notebooks", "eject", "galery", "-e", str(export))
    assert code == 2 and "gallery" in err
    assert not (export / "notebooks").exists()


def test_an_internal_fault_leaves_with_its_own_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("made for this test")

    monkeypatch.setattr("postmortem.taxonomies.load_taxonomy", broken)
    code, _, err = call(capsys, "taxonomy", "show")
    assert code == 70
    assert "fault of postmortem" in err


def test_what_the_preflight_found_is_in_the_document_of_a_run(
    capsys: pytest.CaptureFixture[str], export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from postmortem.report import batch, run
    from postmortem.report.editions.preflight import Finding, refuse

    call(capsys, "init", str(export), "--from", str(export))
    found = (Finding("suspicious", "Rows of deals: 11; the last report had 30."),)

    def made(engagement: Engagement, quarter: str, *, accept_changes: bool, **_: object) -> run.Run:
        refuse(found, engagement.config.preflight, accept_changes=accept_changes)
        return run.Run(quarter, export, (), (), 11, "closed", "0", found)

    told = {"rows": {"deals_in_focus": 11}, "frame": "closed", "content": "0", "gate": {"findings": 0}}
    (export / "reports" / "2025Q3").mkdir(parents=True)
    (export / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    monkeypatch.setattr(batch, "run_quarter", made)
    code, out, _ = call(capsys, "run", "-e", str(export), "-q", "2025Q3", "--json", "--accept-changes")
    assert code == 0
    assert json.loads(out)["reports"][0]["preflight"] == [
        {"grade": "suspicious", "what": "Rows of deals: 11; the last report had 30.", "do": ""}
    ]
    code, out, _ = call(capsys, "run", "-e", str(export), "-q", "2025Q3", "--json")
    assert (code, json.loads(out)["rows"]) == (3, ["Rows of deals: 11; the last report had 30."])


def test_init_keeps_the_key_of_pseudonyms_out_of_a_repository(
    capsys: pytest.CaptureFixture[str], export: Path, tmp_path: Path
) -> None:
    ignored = tmp_path / "acme" / ".gitignore"
    assert call(capsys, "init", str(tmp_path / "acme"), "--from", str(export))[0] == 0
    assert ".share-key" in ignored.read_text(encoding="utf-8").splitlines()
    ignored.write_text("mine\n.share-key", encoding="utf-8")
    assert call(capsys, "init", str(tmp_path / "acme"), "--from", str(export), "--force")[0] == 0
    lines = ignored.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["mine", ".share-key"] and lines.count(".share-key") == 1


def test_a_command_collects_what_was_not_collected_while_commands_were_read(capsys: pytest.CaptureFixture[str]) -> None:
    gc.disable()
    try:
        code, _, _ = call(capsys, "taxonomy", "list")
        assert (code, gc.isenabled()) == (0, True)
    finally:
        gc.enable()
