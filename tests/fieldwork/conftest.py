"""A small engagement whose deals carry what a spreadsheet must not run, and its review sheet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from postmortem.fieldwork.deal_review import choose, write_form
from postmortem.fieldwork.review_form import read_form
from postmortem.frames.engagement import Engagement

HOSTILE = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "x" * 40_000, "bell \x07 \x1b[31m \u202eevil")
TOML = (
    '[company]\nname = "Testing"\ncurrency = "EUR"\n[data]\nextracted_on = 2025-10-06\n[tables.deals]\nfile = "d.csv"\n'
)


def write_deals(folder: Path) -> None:
    """Write three losses and three wins of one segment, and one loss without a won twin."""
    head = [
        "deal_id",
        "account_name",
        "deal_name",
        "outcome",
        "closed_at",
        "created_at",
        "amount",
        "currency",
        "segment",
    ]
    deals = [("lost", 900, "A"), ("lost", 500, "A"), ("lost", 100, "B"), ("won", 800, "A"), ("won", 510, "A"),
             ("won", 9000, "B")]  # fmt: skip
    rows = [
        (f"00{n}", HOSTILE[n % 4], f"@SUM(A{n})", outcome, "2025-08-20", "2025-02-01", amount, "EUR", part)
        for n, (outcome, amount, part) in enumerate(deals, start=1)
    ]
    with (folder / "d.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    (folder / "postmortem.toml").write_text(TOML, encoding="utf-8")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the engagement and its sheet once; return its folder."""
    folder = tmp_path_factory.mktemp("acme")
    write_deals(folder)
    engagement = Engagement.open(folder)
    cohort = engagement.frame("2025Q3")
    form = read_form(folder, cohort.book.taxonomy)
    write_form(folder / "reviews", cohort, form, choose(cohort, 10, matched_wins=True))
    return folder


@pytest.fixture
def acme(made: Path, tmp_path: Path) -> Path:
    """Return an engagement of its own for a test, with the sheet in it."""
    write_deals(tmp_path)
    (tmp_path / "sheet.xlsx").write_bytes((made / "reviews" / "review-2025Q3.xlsx").read_bytes())
    return tmp_path


@pytest.fixture
def fill(acme: Path) -> Callable[..., Path]:
    """Return what fills cells of the sheet by deal and head, or by address, and returns the filled file."""

    def filled(
        *cells: tuple[str, str, Any], sheet: str = "Review", change: Callable[[Any], None] | None = None
    ) -> Path:
        book = load_workbook(acme / "sheet.xlsx")
        tab = book[sheet]
        heads = {cell.value: cell.column for cell in tab[1]}
        lines = {row[1].value: row[0].row for row in tab.iter_rows(min_row=2) if len(row) > 1}
        for deal_id, head, value in cells:
            cell = tab.cell(lines[deal_id], heads[head])
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"
        if change is not None:
            change(tab)
        book.save(acme / "filled.xlsx")
        return acme / "filled.xlsx"

    return filled
