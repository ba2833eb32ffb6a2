"""The companies that can be simulated by name: what is planted in them and how their files are written."""

from __future__ import annotations

import dataclasses
import datetime as dt

from postmortem.ground.errors import UsageError, nearest
from postmortem.simulate.company import Company, build
from postmortem.simulate.nothing_planted import nothing_planted, one_cause
from postmortem.simulate.parameters import Outcomes, Parameters
from postmortem.simulate.practice import Activity, Influences, Interviewing, Marking, Practice, Reviewing
from postmortem.simulate.recordings import FULL_RECORDING, PLAIN_RECORDING
from postmortem.simulate.world import Organisation

ONE_CAUSE = "one-cause"

FULL_PRACTICE = Practice(
    marking=Marking(
        prevalence={
            "not_an_opportunity": (0.1, 0.2), "not_qualified_continuously": (0.25, 0.42),
            "no_trust_in_delivery": (0.24, 0.36), "true_buyer_not_engaged": (0.25, 0.45),
            "risk_not_understood": (0.2, 0.3), "needs_not_uncovered": (0.22, 0.34),
        },
        marks_its_cause=True,
        pushes=0.75,
    ),
    activity=Activity(left_alone=(0.25, 0.4)),
    influences=Influences(price=0.35, rollout=0.35, rollout_teams=(0, 3, 5, 7), turnover=0.6),
    interviewing=Interviewing(response_competitor=-0.4),
    reviewing=Reviewing(hindsight=0.1),
)  # fmt: skip

PLAIN = Parameters(
    seed=20251006,
    first=dt.date(2023, 4, 1),
    quarters=10,
    deals_per_quarter=180,
    company="Fennmoor Instruments",
    currency="USD",
    segment_is="industry",
    layout="salesforce_report",
    recording=PLAIN_RECORDING,
)

FULL = Parameters(
    seed=20251006,
    first=dt.date(2022, 10, 1),
    quarters=12,
    deals_per_quarter=590,
    company="Halvorsund Controls",
    currency="USD",
    segment_is="size",
    layout="salesforce_tables",
    recording=FULL_RECORDING,
    organisation=Organisation(managers=(3, 2, 2, 2), manager_effect_sd=0.15, teams_by="manager", replaced=4),
    outcomes=Outcomes(shares=(0.51, 0.205, 0.223, 0.062), median_cycle=(104.0, 112.0, 158.0, 90.0)),
    practice=FULL_PRACTICE,
)

PRESETS = (("plain", PLAIN), ("full", FULL), ("null", nothing_planted(FULL)))


def preset_parameters(name: str, cause: str | None = None) -> Parameters:
    """Return the parameters of the preset called `name`, or raise `UsageError`.

    ``one-cause`` is ``null`` with one red-zone `cause` planted, and takes the name of the cause.
    """
    if name == ONE_CAUSE:
        return one_cause(FULL, cause)
    if cause is not None:
        raise UsageError("Only the company one-cause takes a cause.", got=f"{name} {cause}", do=f"use {ONE_CAUSE}")
    for known, parameters in PRESETS:
        if known == name:
            return parameters
    names = [*(known for known, _ in PRESETS), ONE_CAUSE]
    raise UsageError("There is no such simulated company.", got=name, do=nearest(name, names))


def simulate(
    preset: str = "plain",
    *,
    cause: str | None = None,
    quarters: int | None = None,
    deals_per_quarter: int | None = None,
    seed: int | None = None,
    first: dt.date | None = None,
) -> Company:
    """Make a company of deals with planted truth.

    Parameters
    ----------
    preset : str
        ``plain`` (a company that keeps only what a report export holds), ``full`` (every table), ``null``
        (every table, and nothing that sets won deals apart from lost ones) or ``one-cause``.
    cause : str, optional
        For ``one-cause``: the red-zone cause that marks 25% of won and 45% of lost deals, all else as in
        ``null``.
    quarters : int, optional
        Calendar quarters that are over at the extraction; the preset's unless given.
    deals_per_quarter : int, optional
        Deals created, and in the long run closed, a quarter; the preset's unless given.
    seed : int, optional
        Source of every draw, 0 or more; the preset's unless given.
    first : datetime.date, optional
        First day of the first quarter; the preset's unless given.

    Returns
    -------
    Company
        Canonical tables, the truth, and the day they are as of.

    Raises
    ------
    UsageError
        When there is no such preset or cause, or with every value that cannot be used.

    Examples
    --------
    >>> company = simulate("plain", quarters=2, deals_per_quarter=40, seed=7)
    >>> company.as_of.isoformat()
    '2023-10-06'
    """
    return build(
        chosen_parameters(
            preset, cause=cause, quarters=quarters, deals_per_quarter=deals_per_quarter, seed=seed, first=first
        )
    )


def chosen_parameters(
    preset: str,
    *,
    cause: str | None = None,
    quarters: int | None = None,
    deals_per_quarter: int | None = None,
    seed: int | None = None,
    first: dt.date | None = None,
) -> Parameters:
    """Return a preset's parameters with those given in their place; as for `simulate`."""
    base = preset_parameters(preset, cause)
    return dataclasses.replace(
        base,
        quarters=base.quarters if quarters is None else quarters,
        deals_per_quarter=base.deals_per_quarter if deals_per_quarter is None else deals_per_quarter,
        seed=base.seed if seed is None else seed,
        first=base.first if first is None else first,
    )
