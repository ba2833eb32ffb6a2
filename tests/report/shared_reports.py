"""Reports made of hand-made books without any kernel, each full of canaries: names that nobody else has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nbformat
from builders import closed, deal, make_book
from nbformat.v4 import new_notebook

from postmortem.findings import find
from postmortem.frames import Engagement
from postmortem.report.notebooks.execute import EXECUTED
from postmortem.report.notebooks.harvest import Harvest, gated
from postmortem.report.notebooks.parameters import Parameters
from postmortem.report.notebooks.plan import Notebook
from postmortem.report.pages.closing import closing
from postmortem.report.pages.commentary import Commentary, Placed, place
from postmortem.report.run import _write

PAGES = {
    "01-quarter-overview": ("quarter_outcome", "costliest_losses"),
    "02-competitor-losses": ("loss_destination", "competitor_head_to_head"),
    "05-loss-reasons": ("note_suggestions",),
    "08-claims": ("loss_destination",),
}
SEGMENTS = ("Industry", "Health")


def canaries(company: str) -> dict[str, list[str]]:
    """Return kind to names that stand in one company's book alone."""
    return {
        "company": [f"{company} Wharf"],
        "account": [f"{company} Accountkin {n}" for n in range(40)],
        "deal": [f"{company} Dealkin {n}" for n in range(40)],
        "person": [f"{company} Repkin {letter}" for letter in "ABCDEF"],
        "competitor": [f"{company} Rivalkin {letter}" for letter in "XY"],
        "product": [f"{company} Productkin"],
        "note": [f"they told {company} Notekin about price being far too high" for _ in range(1)],
    }


def make_report(clients: Path, company: str, *, failed: Sequence[str] = (), extra: str = "", words: str = "") -> Path:
    """Write the report of one engagement below `clients`; `extra` is prose on its second page, `words` a commentary."""
    told = canaries(company)
    folder = clients / company.lower()
    (folder / "reports").mkdir(parents=True)
    toml = f'[company]\nname = "{told["company"][0]}"\n[report]\nprepared_by = "Okonjo Partners"\n'
    (folder / "postmortem.toml").write_text(toml, encoding="utf-8")
    deals, met = [], []
    for n in range(40):
        lost = n % 2 == 0
        deals.append(
            deal(
                n, "lost" if lost else "won", f"2025-0{7 + n % 3}-1{n % 9}", deal_id=f"{company}-id-{n:03d}",
                account_name=told["account"][n], deal_name=told["deal"][n], owner_id=told["person"][n % 5],
                manager_id=told["person"][5], segment=SEGMENTS[n % 2], product=told["product"][0],
                lost_to_recorded=("competitor" if n % 3 else "status_quo") if lost else None,
                loss_notes=told["note"][0] if lost else None,
            )
        )  # fmt: skip
        met.append(
            {"deal_id": f"{company}-id-{n:03d}", "competitor": told["competitor"][n % 4 // 2], "status": "present"}
        )
    book = make_book(deals, competitors=met)
    cohort = closed(book)
    harvests = []
    for name, asked in PAGES.items():
        prose = [f"# {name}", *([extra] if extra and name.startswith("02") else [])]
        harvests.append(Harvest((*prose, *(find(each).function(cohort) for each in asked)), ()))
    notebooks = [Notebook(name, name[3:].replace("-", " ").capitalize(), folder / name, ()) for name in PAGES]
    engagement = Engagement.open(folder)
    done = list(zip(notebooks, gated(harvests), strict=True))
    report = folder / "reports" / "2025Q3"
    executed = report / EXECUTED
    executed.mkdir(parents=True)
    for name in PAGES:
        nbformat.write(new_notebook(), executed / f"{name}.ipynb")
    kept = [(notebook, harvest) for notebook, harvest in done if notebook.name not in failed]
    placed = place(Commentary("commentary/2025Q3.md", words), kept) if words else Placed()
    _write(
        report, engagement, cohort, Parameters("2025Q3", "closed", 4, "2025-10-06"), kept,
        {name: f"ValueError in {name}" for name in failed}, closing(engagement, cohort, book, kept, ()), placed, {},
    )  # fmt: skip
    return report
