"""Results made by hand: one comparison each, with its figure, as an analysis of that name would return it."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from postmortem.analyses.contract import tests_table
from postmortem.result import Column, Result, Table

POINTS = (
    Column("difference", "estimate", "Difference", "points", low="low", high="high"),
    Column("low", "estimate", "Low", "points", shown=False),
    Column("high", "estimate", "High", "points", shown=False),
    Column("amount", "money", "Amount", "USD"),
)


def pushes(
    p: float,
    *,
    figure: tuple[float, float, float] = (0.1, 0.05, 0.15),
    amount: float = math.nan,
    named: bool | None = None,
    analysis: str = "close_date_pushes",
    said: str = "",
    **params: Any,
) -> Result:
    """Return one comparison of two shares, with the gate's word on it."""
    tests = tests_table("Tests", [{"hypothesis": f"{analysis} differs", "primary": True, "p": p}])
    rows = tests.rows.assign(named=pd.array([named], dtype="boolean"))
    difference = pd.DataFrame([dict(zip(("difference", "low", "high", "amount"), (*figure, amount), strict=True))])
    name = "comparison" if analysis == "close_date_pushes" else "difference"
    tables = {
        name: Table(difference, POINTS, "Two shares"),
        "tests": Table(rows, tests.columns, tests.title, tests.detail),
    }
    return Result(
        analysis, f"{analysis}?", tables, params=params, headline_of=lambda _: said or f"{analysis} is so."
    )  # fmt: skip
