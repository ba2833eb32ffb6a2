"""Hand-made cohorts for the tests of the analyses: deals told by their fate, and what sharing does to a result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from builders import FOCUS, closed, deal, forecast, make_book

from postmortem.findings import ANALYSES, OVERVIEWS
from postmortem.frames import Cohort, first_forecast_cohort, late_stage_cohort, open_forecast
from postmortem.ground.fiscal import Quarter
from postmortem.ground.process import Process, Stage
from postmortem.result import Column, Result, Table

LOST_FATES = ("lost_competitor", "lost_status_quo", "lost_disqualified", "lost_unknown")
SELLERS = 16
RIVALS = ("Kestrel Systems", "Osprey Cloud", "Merlin Works", "Harrier Labs")
NOTES = ("too expensive, they say", "no budget left", "call again in spring")
CODES = ("price_value", "no_urgency", "missing_capability", "budget_lost")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    '=HYPERLINK("http://example.invalid","x")',
    "@SUM(A1:A9)",
    "$x^2$ $unclosed",
    "line one\nline two\r\n",
    "bell \x07 escape \x1b[31m",
    "\u202eevil.exe",
    "{{ 7 * 7 }} {% raw %}",
    "long " + "x" * 295,
)
NUMBERS = ("count", "estimate", "money")
# Told deals begin in Proposal: what the stage before asks of the buyer has been left behind.
PROCESS = Process(
    "by hand",
    (Stage("Qualification", 1, 0.2, exit_commitments=("Budget named", "Date named")), Stage("Proposal", 2, 0.6,
     red_zone=True)),
    {},
)  # fmt: skip


class Told(NamedTuple):
    """One deal and what its history says."""

    deal: dict[str, Any]
    history: list[dict[str, Any]]


def told(number: int, fate: str, quarter: Quarter = FOCUS, **more: Any) -> Told:
    """Return a deal forecast for `quarter` that met `fate` there, with the history that says so."""
    outcome, lost_to = ("lost", fate.removeprefix("lost_")) if fate.startswith("lost_") else (fate, None)
    is_closed = outcome in ("won", "lost")
    row = deal(
        number,
        outcome if is_closed else "open",
        str(quarter.day(60)) if is_closed else None,
        **{"created_at": str(quarter.day(-40)), "lost_to_recorded": lost_to, "stage": "Proposal", **more},
    )
    amount = row["amount"]
    states = {
        "forecast_category": "commit", "expected_close_date": str(quarter.day(80)), "stage": "Proposal",
        "amount": None if amount is None else str(amount), "probability": ("0.6", "0.8", "0.9")[number % 3],
    }  # fmt: skip
    history = [
        _change(row["deal_id"], field, quarter.day(-30), value) for field, value in states.items() if value is not None
    ]
    if fate == "pushed_early":
        history.append(_change(row["deal_id"], "expected_close_date", quarter.day(40), str((quarter + 1).day(80))))
    return Told(row, history)


def _change(deal_id: str, field: str, day: dt.date, value: str) -> dict[str, Any]:
    return {"deal_id": deal_id, "field": field, "changed_at": f"{day}T09:00:00Z", "seq": 1, "new_value": value}


def closed_of(stories: Sequence[Told], **options: Any) -> Cohort:
    """Return the closed cohort of these deals; `options` are tables of the book or options of the cohort."""
    tables, chosen = _sorted_options(options)
    return closed(make_book([story.deal for story in stories], **tables), **chosen)


def forecast_of(stories: Sequence[Told], **options: Any) -> Cohort:
    """Return the forecast cohort of these deals."""
    tables, chosen = _sorted_options(options)
    history = [row for story in stories for row in story.history]
    return forecast(make_book([story.deal for story in stories], history=history, **tables), **chosen)


def _sorted_options(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    chosen = {name: options[name] for name in ("window", "focus") if name in options}
    return {name: value for name, value in options.items() if name not in chosen}, chosen


def counted(fates: Mapping[str, int], quarter: Quarter = FOCUS, *, start: int = 0, **more: Any) -> list[Told]:
    """Return as many deals of each fate as told, numbered on from `start`."""
    every = [fate for fate, number in fates.items() for _ in range(number)]
    return [told(start + number, fate, quarter, **more) for number, fate in enumerate(every, start=1)]


def many(quarters: int = 9, each: int = 32) -> tuple[list[Told], dict[str, list[dict[str, Any]]]]:
    """Return a record long enough for every question: deals of several quarters, competitors and reasons."""
    stories, competitors, reasons, events, interviews, reviews, ratings = [], [], [], [], [], [], []
    pattern = ("won", "lost_competitor", "won", "lost_status_quo", "won", "lost_unknown", "won", "lost_competitor",
               "won", "lost_status_quo", "lost_disqualified")  # fmt: skip
    for back in range(quarters):
        for place in range(each):
            number = back * 100 + place + 1
            fate = pattern[(number * 7 + back) % len(pattern)]
            # Owners sell in both segments, so that segments can be compared within an owner.
            more = {
                "account_name": f"Account {place}",
                "owner_id": f"Rep {number // 2 % SELLERS}",
                "manager_id": f"Lead {number // 2 % SELLERS % 5}",
                "loss_reason_raw": None if fate == "won" or place % 3 else "Price",
                "loss_notes": None if fate == "won" or place % 4 else NOTES[number % 3],
            }
            story = told(number, fate, FOCUS - back, **more)
            stories.append(story)
            deal_id = story.deal["deal_id"]
            if place % 2:
                rival = RIVALS[(place // 2) % 3 if place < each - 4 else 0]
                asked = {} if place % 4 == 1 else {"price": 900.0 * (number % 7 + 1), "currency": "USD"}
                competitors.append({"deal_id": deal_id, "competitor": rival, "status": "present", **asked})
            events += happenings(deal_id, fate, FOCUS - back, place)
            reviews += reviewed(deal_id, fate, number) if place % 2 else []
            if fate.startswith("lost_") and place % 4:
                reasons.append(reason(deal_id, CODES[number % 4], text="Their words about Kestrel"))
            if fate.startswith("lost_") and place % 5 == 0:
                reasons.append(reason(deal_id, CODES[(number + 1) % 4], rater="buyer", rank="contributing"))
            asked_buyer = interview(deal_id, fate, FOCUS - back, number)
            interviews.append(asked_buyer)
            if asked_buyer["status"] == "held":
                reasons += interviewed(deal_id, number, fate)
                ratings += rated(number, fate)
    guesses = [
        {"quarter": FOCUS.label, "rater_id": who, "question": question, "value": value,
         "sealed_at": f"{FOCUS.day(20)}T08:00:00Z"}
        for who in ("Head of Sales", "Founder")
        for question, value in (("share_lost_to_competitor", "0.4"), ("worst_competitor", RIVALS[0]))
    ]  # fmt: skip
    tables = {
        "competitors": competitors,
        "reasons": reasons,
        "events": events,
        "interviews": interviews,
        "reviews": reviews,
        "ratings": ratings,
    }
    return stories, {**tables, **staff(), "guesses": guesses}


def staff() -> dict[str, list[dict[str, Any]]]:
    """Return the sales people of `many`: teams of two, every other one gone, quotas, a roll-out in four teams.

    Twelve more were hired with them, have a quota and no deal of these.
    """
    people, quotas = [], []
    for number in range(SELLERS):
        left = None if number % 2 else str((FOCUS - 3 - number // 2 % 4).day(0))
        person = {"rep_id": f"Rep {number}", "team": f"Team {number % 8}", "left_at": left}
        people.append({**person, "hired_at": str((FOCUS - 8).day(70))})
        quotas += [
            {"rep_id": f"Rep {number}", "quarter": (FOCUS - back).label, "quota": 10_000.0,
             "attained": 6_000.0 + 1_000 * ((number * 5 + back * 3) % 9)}
            for back in range(4)
        ]  # fmt: skip
    for number in range(SELLERS, SELLERS + 12):
        people.append({"rep_id": f"Rep {number}", "team": "Team 7", "hired_at": str((FOCUS - 8).day(70))})
        attained = 12_000.0 if number % 2 else 7_000.0
        quotas.append({"rep_id": f"Rep {number}", "quarter": (FOCUS - 3).label, "quota": 10_000.0,
                       "attained": attained})  # fmt: skip
    started = str((FOCUS - 5).start)
    rollouts = [{"name": "Close plan", "team": f"Team {number}", "started_at": started} for number in (0, 1, 2, 5)]
    return {"reps": people, "quotas": quotas, "rollouts": rollouts}


def interviewed(deal_id: str, number: int, fate: str) -> list[dict[str, Any]]:
    """Return the buyer's main reason as two coders read it, who differ now and then; to whom a lost deal went."""
    to = {"lost_to": ("competitor", "status_quo")[number % 2]} if fate.startswith("lost_") else {}
    return [
        reason(deal_id, CODES[(number + (number % 5 == 0) * place) % 4], rater="buyer", text="It was what it was.",
               interview_id=f"I{number}", coder_id=f"Coder {place + 1}", **to)
        for place in range(2)
    ]  # fmt: skip


def rated(number: int, fate: str) -> list[dict[str, Any]]:
    """Return the buyer's marks for the sales person and the product, which differ a little from buyer to buyer."""
    mark = 8 if fate == "won" else 6
    return [
        {"interview_id": f"I{number}", "dimension": name, "score": float(mark + number // step % 3 - 1)}
        for step, name in enumerate(("sales_experience", "product"), start=2)
    ]


def happenings(deal_id: str, fate: str, quarter: Quarter, place: int) -> list[dict[str, Any]]:
    """Return what happened on one deal: contacts of either side, a proposal, and silence before a loss."""
    silent_from = 55 if fate == "won" else 20 + place % 20
    days = [(-35 + 7 * week, "buyer" if week % 2 else "seller", "meeting") for week in range(14)]
    kept = [(day, side, kind) for day, side, kind in days if side == "seller" or day <= silent_from]
    # Every other proposal goes out in the week before a meeting with the buyer.
    kept.append((1 + place % 14, "seller", "proposal_sent"))
    if place % 3:
        kept.append((-12 + place % 9, "both", "call"))
    return [
        {"deal_id": deal_id, "kind": kind, "side": side, "occurred_at": f"{quarter.day(day)}T10:00:00Z"}
        for day, side, kind in kept
        if day < 60
    ]


def interview(deal_id: str, fate: str, quarter: Quarter, number: int) -> dict[str, Any]:
    """Return what came of asking the buyer of one deal: most are held, some declined, every seventh chosen by hand."""
    status = ("held", "declined", "held", "no_answer", "held")[number % 5]
    held = {"held_at": str(quarter.day(75)), "consent": ("none", "anonymous", "named")[number % 3],
            "respondent_role": "Sponsor"}  # fmt: skip
    return {
        "interview_id": f"I{number}", "deal_id": deal_id, "drawn_at": str(quarter.day(65)), "status": status,
        "invited_at": str(quarter.day(67)), "stratum": "won" if fate == "won" else "lost, no reason",
        "inclusion_probability": 0.3 if number % 7 else None, "consent": "none", **(held if status == "held" else {}),
    }  # fmt: skip


def reviewed(deal_id: str, fate: str, number: int) -> list[dict[str, Any]]:
    """Return a manager's answers on two causes: yes more often on lost deals, and sometimes not known."""
    answers = ("yes", "no", "unknown") if fate.startswith("lost_") else ("no", "yes", "no")
    return [
        {"deal_id": deal_id, "rater_id": "Manager", "question": cause, "answer": answers[(number // step) % 3]}
        for step, cause in enumerate(("no_trust_in_delivery", "risk_not_understood"), start=1)
    ]


def commitments(stories: Iterable[Told]) -> list[dict[str, Any]]:
    """Return what the buyers did on these deals: all named a date, two of three a budget."""
    return [
        {"deal_id": story.deal["deal_id"], "milestone": name, "met_at": story.deal["created_at"]}
        for place, story in enumerate(stories)
        for name in ("Date named", "Budget named")
        if name == "Date named" or place % 3
    ]


def handed_on(stories: Sequence[Told]) -> dict[str, Any]:
    """Return the change of the last deal's owner: that it is on record tells whose all the later deals were."""
    day = (FOCUS - 8).day(60)
    return {**_change(stories[-1].deal["deal_id"], "owner_id", day, "Rep 1"), "old_value": "Rep 0"}


def reason(deal_id: str, code: str | None, *, rater: str = "rep", rank: str = "primary", **more: Any) -> dict[str, Any]:
    """Return one rater's word."""
    return {"deal_id": deal_id, "rater_type": rater, "rank": rank, "code": code, **more}


def _all(fate: str) -> Cohort:
    stories = [story for back in range(8) for story in counted({fate: 12}, FOCUS - back, start=back * 100)]
    return closed_of(stories)


def _changed(**columns: Any) -> Cohort:
    stories, tables = many()
    return closed_of([Told({**story.deal, **columns}, story.history) for story in stories], **tables)


def _hostile() -> Cohort:
    stories, tables = many()
    text = ("account_name", "deal_name", "owner_id", "manager_id", "team", "segment", "region", "product",
            "deal_type", "stage", "loss_reason_raw", "loss_notes", "competitor_raw", "account_id")  # fmt: skip
    rows = [
        Told({**story.deal, **{name: HOSTILE[(index + place) % 10] for place, name in enumerate(text)}}, story.history)
        for index, story in enumerate(stories)
    ]
    rivals = [{**row, "competitor": HOSTILE[index % 10]} for index, row in enumerate(tables["competitors"])]
    reasons = [{**row, "rater_id": HOSTILE[index % 10], "text": HOSTILE[index % 10]}
               for index, row in enumerate(tables["reasons"])]  # fmt: skip
    asked = [{**row, "stratum": HOSTILE[index % 10]} for index, row in enumerate(tables["interviews"])]
    guesses = [{**row, "rater_id": HOSTILE[index], "value": HOSTILE[index + 2] if index % 2 else row["value"]}
               for index, row in enumerate(tables["guesses"])]  # fmt: skip
    return closed_of(rows, competitors=rivals, reasons=reasons, interviews=asked, guesses=guesses)


def _still_running(kind: str) -> Cohort:
    stories, tables = many()
    stories += counted({"open": 6}, start=950)
    late = [story for story in stories if (story.deal["closed_at"] or "") < str(FOCUS.day(59))]
    early = [Told({**story.deal, "closed_at": str(FOCUS.day(20))}, story.history)
             for story in stories if (story.deal["closed_at"] or "") >= str(FOCUS.day(59))]  # fmt: skip
    make = forecast_of if kind == "forecast" else closed_of
    return make([*late, *early], as_of=str(FOCUS.day(45)), **tables)


def _forecast() -> Cohort:
    stories, tables = many()
    stories += counted({"slipped": 5, "pushed_early": 3}, start=950)
    stories += counted({"slipped": 2, "pushed_early": 4}, FOCUS - 1, start=970)
    # A second offer on every third deal, dearer or cheaper than ours, so that enough prices are known.
    tables["competitors"] += [
        {"deal_id": story.deal["deal_id"], "competitor": RIVALS[3], "price": 500.0 * (place % 11 + 1)}
        for place, story in enumerate(stories) if place % 3
    ]  # fmt: skip
    stories[-1].history.append(handed_on(stories))
    cohort = forecast_of(stories, milestones=commitments(stories), **tables)
    return replace(cohort, book=replace(cohort.book, process=PROCESS))


def _entered(make: Callable[..., Cohort]) -> Cohort:
    """Return a cohort of deals from the day they entered a state on, within the quarter they close in."""
    stories, tables = many()
    later = pd.Timedelta(days=45)
    history = [{**row, "changed_at": pd.Timestamp(row["changed_at"]) + later} for s in stories for row in s.history]
    history.append(handed_on(stories))
    deals = [{**s.deal, "created_at": pd.Timestamp(s.deal["created_at"]) + later} for s in stories]
    milestones = [{**row, "met_at": pd.Timestamp(row["met_at"]) + later} for row in commitments(stories)]
    book = make_book(deals, history=history, milestones=milestones, **tables)
    return make(replace(book, process=PROCESS), FOCUS)


def _open() -> Cohort:
    """Return an open forecast after five quarters in which stages told much of what became of deals."""
    called = {"won": "Contract", "lost_competitor": "Offer", "lost_status_quo": "Proposal", "slipped": "Offer"}
    stories = []
    for back, fate in ((back, fate) for back in range(5) for fate in called):
        for story in counted({fate: 20}, FOCUS - back, start=back * 100 + 20 * list(called).index(fate)):
            told_of = "Contract" if int(story.deal["deal_id"][1:]) % 5 == 0 else called[fate]
            history = [{**row, "new_value": told_of if row["field"] == "stage" else row["new_value"]}
                       for row in story.history]  # fmt: skip
            stories.append(Told(story.deal, history))
    following = FOCUS + 1
    stories += [
        told(900 + number, "open", following, forecast_category="commit", stage=stage,
             expected_close_date=str(following.day(80)), probability=0.6)
        for number, stage in enumerate(("Contract", "Offer", "Proposal") * 5)
    ]  # fmt: skip
    events = [{"deal_id": "D0903", "kind": "meeting", "side": "both", "occurred_at": "2025-09-30T10:00:00Z"}]
    history = [row for story in stories for row in story.history]
    return open_forecast(make_book([story.deal for story in stories], history=history, events=events))


FORECAST = "forecast"
MADE = {
    "closed": lambda: closed_of(many()[0], history=[handed_on(many()[0])], **many()[1]),
    "forecast": _forecast,
    "late_stage": lambda: _entered(late_stage_cohort),
    "first_forecast": lambda: _entered(first_forecast_cohort),
    "open_forecast": _open,
    "one deal": lambda: closed_of([told(1, "lost_competitor")]),
    "all won": lambda: _all("won"),
    "all lost": lambda: _all("lost_status_quo"),
    "no taker known": lambda: _all("lost_unknown"),
    "no amounts": lambda: _changed(amount=None),
    "no owners": lambda: _changed(owner_id=None, manager_id=None),
    "hostile": _hostile,
    "one quarter": lambda: closed_of(many()[0], window=1, **many()[1]),
    "still running, closed": lambda: _still_running("closed"),
    "still running, forecast": lambda: _still_running("forecast"),
}


@cache
def cohort_of(name: str) -> Cohort:
    """Return one of the cohorts in `MADE`, made once."""
    return MADE[name]()


@cache
def answer_of(name: str, frame: str) -> Result:
    """Return what an analysis or overview answers in one of the cohorts in `MADE`, asked once."""
    return asked(name, cohort_of(frame), lambda other: answer_of(other, frame))


@cache
def shuffled_cohort_of(frame: str) -> Cohort:
    """Return one of the cohorts in `MADE` with its rows in another order, made once."""
    return shuffled(cohort_of(frame))


@cache
def shuffled_answer_of(name: str, frame: str) -> Result:
    """Return what an analysis or overview answers in a shuffled cohort, asked once."""
    return asked(name, shuffled_cohort_of(frame), lambda other: shuffled_answer_of(other, frame))


def asked(name: str, cohort: Cohort, others: Callable[[str], Result]) -> Result:
    """Ask an analysis or overview of a cohort; an overview is given the others' answers, which it would ask for."""
    (function,) = (entry.function for entry in (*ANALYSES, *OVERVIEWS) if entry.name == name)
    with pytest.MonkeyPatch.context() as patch:
        for overview in ("readiness", "claims_scoreboard"):
            patch.setattr(f"postmortem.findings.{overview}.cached", lambda other: lambda _: others(other))
        return function(cohort)


def shuffled(cohort: Cohort, seed: int = 7) -> Cohort:
    """Return the same cohort with the rows of every table in another order."""
    tables = {name: frame.sample(frac=1, random_state=seed) for name, frame in cohort.book.tables.items()}
    book = replace(cohort.book, tables={name: frame.reset_index(drop=True) for name, frame in tables.items()})
    return replace(cohort, table=cohort.table.sample(frac=1, random_state=seed).reset_index(drop=True), book=book)


def withhold(result: Result, roles: Iterable[str], *, name: str | None = None, below: float = 0) -> Result:
    """Return `result` as sharing leaves it: names of these roles replaced, rows with small counts emptied.

    `name` is what a name becomes, None for a missing value. A row with a count under `below` loses its
    counts, estimates and amounts and is marked ``suppressed``.
    """
    hidden = frozenset(roles)
    return result.replace(tables={key: _withheld(table, hidden, name, below) for key, table in result.tables.items()})


def _withheld(table: Table, roles: frozenset[str], name: str | None, below: float) -> Table:
    rows = table.rows.copy()
    counts = [column.name for column in table.columns if column.role == "count"]
    small = (rows[counts] < below).any(axis=1) if counts else pd.Series(below == np.inf, index=rows.index, dtype=bool)
    for column in table.columns:
        if column.role in roles:
            rows[column.name] = pd.Series(name, index=rows.index, dtype="str")
        elif column.role in NUMBERS:
            whole = column.role == "count"
            rows[column.name] = rows[column.name].astype("Int64" if whole else "float64").mask(small)
    if not small.any():
        return Table(rows, table.columns, table.title, table.detail)
    mark = Column("suppressed", "label", "Withheld", shown=False)
    return Table(rows.assign(suppressed=small), (*table.columns, mark), table.title, table.detail)
