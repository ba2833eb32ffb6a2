"""`postmortem review` and `postmortem deal`: make, fill in, import, and read what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement

DEALS = """deal_id,account_name,outcome,closed_at,created_at,amount,currency,segment
D1,Acme,lost,2025-08-20,2025-02-01,100,EUR,A
D2,Birch,won,2025-08-21,2025-02-01,120,EUR,A
D3,Cedar,lost,2025-08-21,2025-02-01,9,EUR,B
"""
TOML = (
    '[company]\nname = "Testing"\ncurrency = "EUR"\n[data]\nextracted_on = 2025-10-06\n[tables.deals]\nfile = "d.csv"\n'
)


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    """Make an engagement of two losses, one of which has a won twin."""
    (tmp_path / "d.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "postmortem.toml").write_text(TOML, encoding="utf-8")
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        start(words)
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_the_circle_from_make_to_the_book(acme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--engagement", str(acme))
    code, out, _ = call(capsys, "review", "make", "-q", "2025Q3", "--json", *at)
    made = json.loads(out)
    assert (code, made["lost"], made["won"], made["twins"], made["without_twin"]) == (0, 2, 1, {"D1": "D2"}, ["D3"])
    assert len(list((acme / "reviews" / "2025Q3" / "deals").glob("*.html"))) == 3

    sheet = Path(made["written"])
    back = ("review", "import", str(sheet), "--as", "analyst", "--rater", "Lee", *at)
    code, out, err = call(capsys, *back)
    assert (code, out) == (3, "") and "Nothing is filled in" in err

    book = load_workbook(sheet)
    for row in book["Review"].iter_rows(min_row=2):
        row[7].value = "yes" if row[4].value == "lost" else "nope"
    book.save(sheet)
    code, out, err = call(capsys, *back)
    line = next(row[0].row for row in book["Review"].iter_rows(min_row=2) if row[4].value == "won")
    assert code == 3 and f"H{line}: got 'nope', expected yes, no, don't know" in err
    assert not (acme / "fieldwork").exists()

    book["Review"][f"H{line}"].value = "no"
    book.save(sheet)
    code, out, _ = call(capsys, *back, "--json")
    assert code == 0 and json.loads(out)["kept"] == {"reviews": {"added": 3, "replaced": 0, "unchanged": 0}}
    assert json.loads(call(capsys, *back, "--json")[1])["kept"]["reviews"]["unchanged"] == 3
    reviews = Engagement.open(acme).book().table("reviews")
    assert dict(zip(reviews["deal_id"], reviews["answer"], strict=True)) == {"D1": "yes", "D2": "no", "D3": "yes"}
    assert reviews["recorded_at"].notna().all()


def test_the_dossier_of_a_deal_is_a_page_and_an_unknown_one_an_error(
    acme: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(capsys, "deal", "D1", "-e", str(acme))
    page = acme / "reports" / "dossiers" / "D1.html"
    assert code == 0 and out.startswith(str(page))
    html = page.read_text(encoding="utf-8")
    assert "Deal dossier: Acme" in html and "Still open" in html and "<nav" not in html
    code, _, err = call(capsys, "deal", "D11", "-e", str(acme))
    assert code == 2 and "nearest ids: D1" in err
    code, _, err = call(capsys, "review", "import", "no.xlsx", "--as", "rep", "--rater", "Lee", "-e", str(acme))
    assert code == 2


def test_a_sheet_that_is_not_there_is_named(acme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "review", "import", "no.xlsx", "--as", "manager", "--rater", "Lee", "-e", str(acme))
    assert code == 2
    assert "There is no such sheet." in err
    assert "no.xlsx" in err
