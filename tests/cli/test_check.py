"""What `check` says, to people in eighty columns and to machines in one document."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

import pytest

from postmortem.cli.app import start
from postmortem.cli.checking import WIDTH

HEAD = "deal_id,outcome,closed_at,created_at,amount,owner_id,lost_to_raw,Favourite colour"


def call(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit) as left, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        start(words)
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def engagement(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose one file has 2 recorded takers in each of four quarters, and a line that cannot be used."""
    place = tmp_path_factory.mktemp("check")
    lines = [HEAD]
    for quarter, month in enumerate(("2024-11", "2025-02", "2025-05", "2025-08")):
        for n in range(8):
            outcome = "won" if n < 4 else "lost"
            taker = "" if n < 6 else "competitor" if n == 6 else "the neighbour" if quarter == 3 else "no decision"
            lines.append(f"D{quarter}{n},{outcome},{month}-1{n},2024-01-10,100,R{n % 3},{taker},blue")
    lines.append("X1,lost,,2024-01-10,100,R1,,blue")
    (place / "deals.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    folder = place / "acme"
    assert call("init", str(folder), "--from", str(place / "deals.csv"))[0] == 0
    written = (folder / "postmortem.toml").read_text(encoding="utf-8")
    stated = written.replace("# extracted_on = 2025-10-05", "extracted_on = 2025-10-05")
    (folder / "postmortem.toml").write_text(stated, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def told(engagement: Path) -> str:
    """What `check` says of it; several tests read it."""
    code, out, _ = call("check", "-e", str(engagement), "-q", "2025Q3")
    assert code == 0
    return out


def test_text_fits_eighty_columns_and_runs_no_rows_together(told: str) -> None:
    assert max(len(line) for line in told.splitlines()) <= WIDTH
    assert " · " not in told


def test_text_says_what_is_missing_where_and_by_when(told: str) -> None:
    out = " ".join(told.split())
    # 7 takers in four quarters, 1.75 a quarter: 8.75, then 10.5 at the end of the second quarter.
    assert "missing 7 of the 10 losses with a recorded taker needed in 2024Q4 to 2025Q3" in out
    assert "by when 3 more: 2026Q1, at 1.8 a quarter, with a window of 6 quarters ([frame] window)" in out
    assert "where a picklist on the lost deal" in out


def test_text_lists_what_was_set_aside_and_what_was_not_understood(told: str) -> None:
    plain = " ".join(told.split())
    assert "deals.csv (deals) 33 32 1" in plain
    assert "1 deals, closed_at: is missing on a closed deal (for example deals.csv line 34)" in plain
    assert 'deals.csv (deals), 1 column not read: "Favourite colour"' in plain
    assert "add to [taxonomy.lost_to]" in plain
    assert '"the neighbour" = "unknown"' in plain
    # Said once, not again among the repairs.
    assert plain.count("Favourite colour") == plain.count("the neighbour") == 1


def test_json_is_one_document_with_the_figures(engagement: Path) -> None:
    code, out, _ = call("check", "-e", str(engagement), "-q", "2025Q3", "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["quarter"], told["deals"], told["frame"], told["files"]) == (
        "2025Q3", 8, "closed", {"deals": "deals.csv"},
    )  # fmt: skip
    results = {result["analysis"]: result for result in told["results"]}
    assert set(results) == {"rows_used", "not_understood", "readiness"}
    rows = results["readiness"]["tables"]["questions"]["rows"]
    at = rows["question"].index("Do competitors and the status quo take equally many deals?")
    assert [rows[name][at] for name in ("answered", "have", "needed", "pace")] == ["not yet", 7, 10, 1.75]
    assert rows["arrives"][at].startswith("3 more: 2026Q1")


def test_a_quarter_without_deals_leaves_with_four(engagement: Path) -> None:
    code, out, err = call("check", "-e", str(engagement), "-q", "2023Q1")
    assert (code, out) == (4, "") and "No deal closed in 2023Q1" in err
