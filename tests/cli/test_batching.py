"""What `run` may be asked for at once, and what cannot be meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from postmortem.cli.app import start
from postmortem.cli.batching import GRAVEST_FIRST, folders_of, tell, wanted_of
from postmortem.ground.errors import UsageError
from postmortem.report.wanted import Outcome


@pytest.fixture
def clients(tmp_path: Path) -> Path:
    for name in ("acme", "birch", "notes"):
        (tmp_path / name).mkdir()
    for name in ("acme", "birch"):
        (tmp_path / name / "postmortem.toml").write_text(f'[company]\nname = "{name}"\n', encoding="utf-8")
    return tmp_path


def test_a_pattern_names_the_engagements_among_folders(clients: Path) -> None:
    assert folders_of([f"{clients}/*"]) == {"acme": clients / "acme", "birch": clients / "birch"}
    assert list(folders_of([f"{clients}/*", f"{clients}/acme"])) == ["acme", "birch"]


def test_folders_of_one_name_are_told_apart(clients: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "acme").mkdir()
    (other / "acme" / "postmortem.toml").write_text("", encoding="utf-8")
    names = list(folders_of([f"{clients}/*", f"{other}/*"]))
    assert len(set(names)) == 3 and all(name == "birch" or name.endswith("/acme") for name in names)


def test_a_pattern_that_names_none_is_an_error(clients: Path) -> None:
    with pytest.raises(UsageError, match="clients/\\*"):
        folders_of([f"{clients}/nobody*"])


@pytest.mark.parametrize(
    ("by", "each", "output"),
    [("segment=A", "region", None), ("owner_id=Ann", None, None), (None, "owner", None), (None, None, Path("out"))],
)
def test_what_cannot_be_meant_is_an_error(clients: Path, by: str | None, each: str | None, output: Path | None) -> None:
    with pytest.raises(UsageError):
        wanted_of(folders_of([f"{clients}/*"]), "last", {"output": output}, by, each, False, False)


def test_one_engagement_or_several(clients: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        start(["run", "-e", str(clients / "acme"), "--engagements", f"{clients}/*"])
    assert left.value.code == 2
    assert "one engagement or several" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("codes", "gravest"), [((0, 0), 0), ((0, 4), 4), ((4, 5, 1), 1), ((1, 3), 3), ((3, 2, 6), 6), ((6, 70, 130), 130)]
)
def test_a_batch_leaves_with_the_gravest_code_and_tells_each(
    codes: tuple[int, ...], gravest: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [
        Outcome(code, {"quarter": f"2025Q{n}", "status": "not made", "message": f"told {code}", "exit_code": code})
        for n, code in enumerate(codes, start=1)
    ]
    assert tell(outcomes, as_json=True) == gravest
    told = json.loads(capsys.readouterr().out)
    assert [report["exit_code"] for report in told["reports"]] == list(codes)
    assert told["exit_code"] == gravest
    assert tell(outcomes, as_json=False) == gravest
    assert capsys.readouterr().out.splitlines()[0] == f"2025Q1: told {codes[0]}"


def test_the_order_is_that_of_the_design() -> None:
    assert GRAVEST_FIRST == (130, 124, 70, 6, 2, 3, 1, 5, 4, 0)
