"""Asking buyers from the command line: plan, fill in, check, import; and guesses that are sealed once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from postmortem.cli.app import start

HOSTILE = "=cmd|' /C calc'!A0 <script>alert(1)</script>"


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        start(words)
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


@pytest.fixture
def engagement(tmp_path: Path) -> Path:
    """Return a folder with 24 lost and 12 won deals of one quarter."""
    head = "deal_id,outcome,closed_at,created_at,amount,owner_id,account_name,lost_to_raw,loss_reason_raw"
    lines = [head]
    for number in range(36):
        outcome = "won" if number % 3 == 2 else "lost"
        words = ",," if outcome == "won" else f",{'competitor' if number % 2 else 'status quo'},Price"
        name = f'"{HOSTILE} {number}"'
        lines.append(
            f"D{number:02d},{outcome},2025-08-1{number % 9},2025-01-10,{100 + number},R{number % 4},{name}{words}"
        )
    lines = [line.replace(",,,", ",,") for line in lines]
    (tmp_path / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "postmortem.toml").write_text(
        '[company]\ncurrency = "USD"\n[data]\nextracted_on = 2025-10-05\n[tables.deals]\nfile = "deals.csv"\n'
        '[taxonomy.reasons]\n"Price" = "price_value"\n',
        encoding="utf-8",
    )
    return tmp_path


def plan(capsys: pytest.CaptureFixture[str], engagement: Path, *more: str) -> tuple[int, str, str]:
    return call(capsys, "interviews", "plan", "-q", "2025Q3", "-e", str(engagement), *more)


def fill(sheet: Path, **changes: str) -> None:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    day = rows[0]["invited_at"] or "2026-01-05"
    row = next(row for row in rows if row["outcome"] == "lost")
    row.update({"status": "held", "invited_at": day, "held_at": day, "consent": "none", "primary": "price_value",
                "words": HOSTILE, "rating_price": "2", **changes})  # fmt: skip
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    monkeypatch.setattr("postmortem.cli.interviews._today", lambda _: dt.date(2026, 1, 5))


def test_the_circle_from_plan_to_store(capsys: pytest.CaptureFixture[str], engagement: Path) -> None:
    code, out, _ = plan(capsys, engagement, "--budget", "4", "--wins", "2")
    assert code == 0
    assert "16 of 24 lost deals drawn in 2 strata, 16 of them new." in out
    assert "2 more narrow it from" in out and "24 buyers asked instead of 16" in out
    folder = engagement / "interviews/2025Q3"
    assert len(list((folder / "guides").iterdir())) == 21
    fill(folder / "intake.csv")
    code, out, _ = call(capsys, "interviews", "check", str(folder), "-e", str(engagement))
    assert code == 0 and "Nothing was kept" in out and "The words of 1 are left out" in out
    assert not (engagement / "fieldwork/ratings.csv").exists()
    code, out, _ = call(capsys, "interviews", "check", str(folder), "-e", str(engagement), "--import", "--json")
    told = json.loads(out)
    assert told["kept"]["interviews"] == {"added": 0, "replaced": 1, "unchanged": 20}
    assert told["kept"]["reasons"]["added"] == told["kept"]["ratings"]["added"] == 1
    assert HOSTILE not in (engagement / "fieldwork/reasons.csv").read_text(encoding="utf-8")
    code, out, _ = call(capsys, "interviews", "check", str(folder), "-e", str(engagement), "--import", "--json")
    assert {kept["added"] + kept["replaced"] for kept in json.loads(out)["kept"].values()} == {0}
    # Planned again, the one that was held counts.
    code, out, _ = plan(capsys, engagement, "--budget", "4", "--wins", "2")
    assert code == 0 and "1 of them held already" in out


@pytest.mark.thorough
def test_the_same_plan_again_changes_nothing(capsys: pytest.CaptureFixture[str], engagement: Path) -> None:
    assert plan(capsys, engagement, "--budget", "2")[0] == 0
    files = [path for path in engagement.rglob("*") if path.is_file() and ".postmortem" not in path.parts]
    before = {path: path.read_bytes() for path in files}
    code, out, _ = plan(capsys, engagement, "--budget", "2", "--json")
    assert (code, json.loads(out)["new"]) == (0, 0)
    assert {path: path.read_bytes() for path in files} == before


def test_a_sheet_with_faults_leaves_with_three_and_all_of_them(
    capsys: pytest.CaptureFixture[str], engagement: Path
) -> None:
    plan(capsys, engagement)
    sheet = engagement / "interviews/2025Q3/intake.csv"
    fill(sheet, primary="prise", consent="maybe", rating_price="11", held_at="2027-01-01", lost_to="me",
         contributing="terms;terms")  # fmt: skip
    code, out, err = call(capsys, "interviews", "check", str(sheet), "-e", str(engagement), "--import")
    assert (code, out) == (3, "")
    lines = [line for line in err.splitlines() if line.startswith("intake.csv line ")]
    assert [line.split(", ")[1].split(":")[0] for line in lines] == [
        "consent", "contributing", "held_at", "lost_to", "primary", "rating_price"
    ]  # fmt: skip
    code, out, _ = call(capsys, "interviews", "check", str(sheet), "-e", str(engagement), "--json")
    assert (code, len(json.loads(out)["rows"])) == (3, 6)
    assert not (engagement / "fieldwork/reasons.csv").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [(("-q", "2024Q1"), 4), (("--response", "0"), 2), (("--scale", "9"), 2), (("--budget", "-1"), 2)],
)
def test_plans_that_cannot_be(
    capsys: pytest.CaptureFixture[str], engagement: Path, words: tuple[str, ...], code: int
) -> None:
    assert plan(capsys, engagement, *words)[0] == code
    assert not (engagement / "fieldwork").exists()


def test_a_guess_is_sealed_once(capsys: pytest.CaptureFixture[str], engagement: Path) -> None:
    about = ("guess", "-q", "2025Q3", "-e", str(engagement), "--as", HOSTILE)
    code, out, _ = call(capsys, *about, "--status-quo", "40%", "--json")
    assert (code, json.loads(out)["sealed"]) == (0, 1)
    written = (engagement / "fieldwork/guesses.csv").read_bytes()
    code, _, err = call(capsys, *about, "--status-quo", "50%", "--competitor", "10%")
    assert code == 2 and "sealed 0.4 on" in err
    assert (engagement / "fieldwork/guesses.csv").read_bytes() == written
    # Without a terminal nobody is asked.
    code, _, err = call(capsys, *about)
    assert code == 2 and "needs a person and an answer" in err
