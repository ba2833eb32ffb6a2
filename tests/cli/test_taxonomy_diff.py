"""`taxonomy diff`: what became of the codes, and what follows for quarters coded before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from postmortem.cli.app import start

HEAD = 'id = "ours"\ntitle = "Ours"\nversion = "{version}"\n'
OLD = HEAD.format(version="1") + (
    '[codes.price]\nlabel = "Price"\ndefinition = "Too high."\nlost_to = "competitor"\n'
    '[codes.discount]\nlabel = "Discount"\n[codes.timing]\nlabel = "Timing"\n[codes.legal]\nlabel = "Legal"\n'
)
NEW = HEAD.format(version="2") + (
    '[codes.price]\nlabel = "Price"\ndefinition = "Too high for its value."\nreplaces = ["discount"]\n'
    '[codes.no_urgency]\nlabel = "No urgency"\nreplaces = ["timing"]\n[codes.brand]\nlabel = "Brand"\n'
)


def diff(capsys: pytest.CaptureFixture[str], folder: Path, old: str, new: str, *words: str) -> tuple[int, str, str]:
    (folder / "old.toml").write_text(old, encoding="utf-8")
    (folder / "new.toml").write_text(new, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        start(["taxonomy", "diff", str(folder / "old.toml"), str(folder / "new.toml"), *words])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_every_change_is_told_with_what_follows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = diff(capsys, tmp_path, OLD, NEW)
    assert code == 0
    changes, consequences = out.split("\n\n")
    assert changes.splitlines() == [
        "ours@1 → ours@2",
        "  renamed  timing → no_urgency",
        "  merged   price + discount → price",
        "  added    brand",
        "  removed  legal",
        "  changed  price, definition",
        "    was: Too high.",
        "    now: Too high for its value.",
        "  changed  price, lost_to",
        "    was: competitor",
        "    now: (nothing)",
    ]
    assert "cannot be compared under ours@2: nothing carries the meaning of legal." in consequences
    assert "Nobody could choose brand before" in consequences and "Read price with care" in consequences


def test_versions_whose_codes_are_all_carried_on_can_be_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    new = NEW.replace('replaces = ["timing"]', 'replaces = ["timing", "legal"]')
    _, out, _ = diff(capsys, tmp_path, OLD, new)
    assert "Quarters coded under ours@1 can be compared under ours@2" in out and "cannot" not in out
    _, out, _ = diff(capsys, tmp_path, OLD, new, "--json")
    told = json.loads(out)
    assert told["comparable"] is True and told["merged"] == [
        [["price", "discount"], "price"],
        [["timing", "legal"], "no_urgency"],
    ]


def test_a_version_beside_itself(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert diff(capsys, tmp_path, OLD, OLD)[1] == "ours@1 → ours@1\n  nothing changed\n"
