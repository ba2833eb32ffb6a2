"""What a plan of interviews writes: whom to ask, a guide a deal, a debrief, and the sheet to fill in.

What people may have written into already, the sheet and the guides, is added to and never written anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from postmortem.fieldwork.interview_plan import Plan
from postmortem.frames.cohort import Cohort
from postmortem.ground.errors import DataError
from postmortem.ground.formats import short_money
from postmortem.ground.schema import UNKNOWN
from postmortem.ground.spreadsheets import write_sheet
from postmortem.ground.worksheets import Verbatim, worksheet
from postmortem.intake.filled_interviews import INTAKE
from postmortem.intake.interview_rules import COLUMNS, DIMENSIONS, Scale
from postmortem.intake.reading import Settings, read_table

LIST, GUIDES, DEBRIEF, README = "list.csv", "guides", "rep-debrief.md", "README.md"
LIST_COLUMNS: Final = (
    "order", "interview_id", "status", "stands_by", "outcome", "account", "deal", "deal_id", "amount", "sales_person",
    "segment", "closed_on", "lost_to", "crm_reason", "stratum", "inclusion_probability", "guide",
)  # fmt: skip
PREFILLED: Final = ("interview_id", "deal_id", "account", "deal", "outcome", "status", "invited_at")
LONGEST_NAME: Final = 40
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9-]+")


def write_plan(plan: Plan, cohort: Cohort, folder: Path, engagement: Path, scale: Scale) -> dict[str, int]:
    """Write the files of a plan.

    Parameters
    ----------
    plan : Plan
        The draw.
    cohort : Cohort
        It was drawn from.
    folder : Path
        Where the files go; made if it is not there.
    engagement : Path
        Whose templates are used where it has some.
    scale : Scale
        Of the ratings.

    Returns
    -------
    dict
        File or folder to how many rows or guides were written; those that were there before do not count.

    Raises
    ------
    ConfigError
        When a template of the engagement cannot be used.
    DataError
        When a sheet that is there cannot be read.
    """
    facts = [_facts(row, cohort) for row in _records(plan)]
    waiting = _with_guides([each for each in facts if each["is_drawn"] and each["status"] in ("drawn", "invited")])
    shared: dict[str, Any] = {"quarter": cohort.focus.label, "company": cohort.book.meta.company}
    shared |= {
        "dimensions": DIMENSIONS,
        "low": scale.low,
        "high": scale.high,
        "low_means": "poor",
        "high_means": "excellent",
    }
    # All text is made before any file is written: a fault of a template leaves the folder as it was.
    guides = {
        each["guide"]: worksheet(
            f"interview-guide-{each['outcome']}.md.j2", engagement, **shared, **_asked(each, cohort)
        )
        for each in waiting
    }
    debrief = worksheet("rep-debrief.md.j2", engagement, **shared)
    readme = worksheet("README.md.j2", engagement, **shared, **_expected(plan), reasons=_codes(cohort))
    entries = _with_entries(folder / INTAKE, waiting)
    # Whom to ask now comes first, then who stands by; whoever has answered already comes last.
    ordered = [*waiting, *(each for each in facts if not each["is_drawn"])]
    ordered += [each for each in facts if each["is_drawn"] and each not in waiting]
    write_sheet(folder / LIST, LIST_COLUMNS, [[each[name] for name in LIST_COLUMNS] for each in ordered])
    write_sheet(folder / INTAKE, entries[0], entries[1])
    written = sum(_write_once(folder / name, text) for name, text in guides.items())
    _write_once(folder / DEBRIEF, debrief)
    (folder / README).write_text(readme, encoding="utf-8")
    return {LIST: len(facts), INTAKE: entries[2], f"{GUIDES}/": written}


def _records(plan: Plan) -> list[dict[str, Any]]:
    """Return the rows of a plan, what is missing as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in plan.rows.to_dict("records")
    ]


def _facts(row: Mapping[str, Any], cohort: Cohort) -> dict[str, Any]:
    """Return what list, sheet and guide say of one deal; text as the CRM has it."""
    known, closed = row, row["closed_at"]
    is_drawn, order = bool(known["is_drawn"]), known["draw_order"]
    return {
        "order": "" if order is None else int(order),
        "interview_id": known["interview_id"],
        "status": known["status"] if is_drawn else "",
        "invited_at": "" if known["invited_at"] is None else known["invited_at"].date().isoformat(),
        "stands_by": "" if is_drawn else f"number {int(known['place'])} of its stratum",
        "outcome": known["side"],
        "account": known["account_name"],
        "deal": known["deal_name"],
        "deal_id": known["deal_id"],
        "amount": None if known["amount"] is None else f"{known['amount']:.2f}".removesuffix(".00"),
        "worth": known["amount"],
        "sales_person": known["owner_id"],
        "segment": known["segment"],
        "closed_on": "" if closed is None else closed.date().isoformat(),
        "lost_to": known["lost_to"] if known["side"] == "lost" else "",
        "crm_reason": known["reason"],
        "stratum": known["stratum"],
        "inclusion_probability": f"{known['inclusion_probability']:.4f}" if is_drawn else "",
        "guide": "",
        "is_drawn": is_drawn,
        "reason_code": known["reason_code"],
        "currency": cohort.currency,
    }


def _with_guides(sample: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Name a guide for each deal still to be asked, by its order and as much of its interview as a file may carry."""
    taken: dict[str, int] = {}
    for each in sample:
        slug = _NOT_IN_NAMES.sub("-", str(each["interview_id"]))[:LONGEST_NAME].strip("-")
        name = f"{each['order'] or 0:03d}-{slug}"
        taken[name] = taken.get(name, 0) + 1
        each["guide"] = f"{GUIDES}/{name}{f'-{taken[name]}' if taken[name] > 1 else ''}.md"
    return sample


def _asked(each: Mapping[str, Any], cohort: Cohort) -> dict[str, Any]:
    """Return what the guide of one deal says: its facts, the question of its reason, and those of the headings."""
    taxonomy = cohort.book.taxonomy
    is_lost = each["outcome"] == "lost"
    code = taxonomy.successor(str(each["reason_code"])) if is_lost and each["reason_code"] else None
    reason = None if code is None else taxonomy.reason(code)
    takers = {None, each["lost_to"]} if is_lost and each["lost_to"] != UNKNOWN else {None, "status_quo"}
    headings = [taxonomy.reason(root) for root in taxonomy.roots]
    further = [
        heading.interview_question
        for heading in headings
        if heading.group and heading.interview_question and heading.lost_to in (takers if is_lost else {None})
    ]
    return {
        "interview_id": each["interview_id"],
        "account": each["account"] or "customer not recorded",
        "deal": each["deal"] or "without a name",
        "deal_id": each["deal_id"],
        "closed_on": each["closed_on"],
        "amount": "amount not recorded" if each["worth"] is None else short_money(each["worth"], each["currency"]),
        "owner": each["sales_person"] or "not recorded",
        "order": each["order"],
        "crm_reason": each["crm_reason"] or "",
        "crm_question": reason.interview_question if reason is not None else "",
        "further_questions": further,
    }


def _expected(plan: Plan) -> dict[str, Any]:
    return {
        "seed": plan.seed,
        "lost_drawn": plan.lost.drawn,
        "won_drawn": plan.won.drawn,
        "lost_expected": round(plan.lost.expected),
        "won_expected": round(plan.won.expected),
    }


def _codes(cohort: Cohort) -> list[dict[str, str]]:
    reasons = [cohort.book.taxonomy.reason(code) for code in cohort.book.taxonomy.assignable]
    return [
        {"code": Verbatim(reason.code), "label": reason.label, "definition": reason.definition} for reason in reasons
    ]


def _with_entries(sheet: Path, sample: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], list[list[Any]], int]:
    """Return header and rows of the sheet to fill in: what is there, and a row for each interview that is not."""
    header, rows, there = COLUMNS, [], set()
    if sheet.is_file():
        raw = read_table(sheet, sheet.name, Settings())
        if raw.ragged:
            raise DataError(
                f"{sheet.name} has rows that do not fit its header, so nothing was written.",
                rows=[f"line {row.line} {raw.reason_for(row)}" for row in raw.ragged],
                do="correct these rows and plan again",
            )
        header, rows = raw.headers, raw.frame.astype("object").where(raw.frame.notna(), "").to_numpy().tolist()
        there = set(raw.frame["interview_id"].dropna()) if "interview_id" in raw.frame else set()
    new = [each for each in sample if each["interview_id"] not in there]
    rows += [[each.get(name, "") if name in PREFILLED else "" for name in header] for each in new]
    return header, rows, len(new)


def _write_once(path: Path, text: str) -> int:
    """Write a file unless it is there, since somebody may have written into it; say how many were written."""
    if path.exists():
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return 1
