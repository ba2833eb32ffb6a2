"""Each CRM's sample export as a new user meets it: `init`, nothing corrected but the currency, `check`."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement

EXPORTS = Path(__file__).resolve().parents[1] / "intake" / "exports"
NAMES = sorted(folder.name for folder in EXPORTS.iterdir() if folder.is_dir())


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("POSTMORTEM_")]:
        monkeypatch.delenv(name)


def call(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    with pytest.raises(SystemExit) as left:
        start([*words, "--json"])
    told = capsys.readouterr()
    assert int(left.value.code or 0) == 0, told.out + told.err
    return json.loads(told.out)


@pytest.mark.parametrize("name", [*NAMES[:2], *(pytest.param(name, marks=pytest.mark.thorough) for name in NAMES[2:])])
def test_an_export_is_recognised_and_read(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    told = call(capsys, "init", str(folder), "--from", str(EXPORTS / name))
    # Every file of the samples is taken for something, and init says how sure it is or what it looks up there.
    assert sorted(line.split(":")[0] for line in told["recognised"]) == sorted(
        path.name for path in (EXPORTS / name).iterdir()
    )
    assert all("columns known" in line or "looked up in it" in line for line in told["recognised"])
    place = folder / "postmortem.toml"
    text = place.read_text(encoding="utf-8")
    # Every question names a place in the file, and that place is there to be filled in.
    for question in told["questions"]:
        named = re.findall(r"\[([a-z_.]+)\]", question)
        assert named and all(f"[{section}]" in text for section in named), question
    place.write_text(text.replace('# currency = "USD"', 'currency = "USD"'), encoding="utf-8")
    assert any("recognised as" in note.what for note in Engagement.open(folder).book().notes)


# What a check asks of the deals is the same whoever exported them, and takes long.
@pytest.mark.thorough
@pytest.mark.parametrize("name", [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])])
def test_an_export_is_checked(name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    call(capsys, "init", str(folder), "--from", str(EXPORTS / name))
    place = folder / "postmortem.toml"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace('# currency = "USD"', 'currency = "USD"'), encoding="utf-8")
    checked = call(capsys, "check", "--engagement", str(folder), "--quarter", "2025Q2")
    notes = checked["results"][0]["tables"]["repairs"]["rows"]["what"]
    assert sum("recognised as" in note for note in notes) >= 1
