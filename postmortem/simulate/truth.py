"""The truth behind a simulated company: everything planted, deal by deal, as plain JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np

from postmortem.simulate import days
from postmortem.simulate.influences import Exposures
from postmortem.simulate.outcomes import NOBODY
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import BLINDSIDES
from postmortem.simulate.randomness import Flags
from postmortem.simulate.tables import Made
from postmortem.simulate.work import Work

PLANTED = ("win_effect", "optimism", "blank_effect", "price_effect")


def company_truth(made: Made, exposures: Exposures) -> dict[str, Any]:
    """Return the truth of a company; `Company.truth` says what is in it."""
    kept, ends, parameters = made.kept, made.ends, made.parameters
    fate = np.asarray(FATES, dtype=object)[ends.fate[kept]]
    names = [rival.name for rival in parameters.market.rivals]
    truth: dict[str, Any] = {
        "parameters": parameters.as_json(),
        "as_of": parameters.as_of.isoformat(),
        "reps": _reps(made),
        "lost_to_shares": lost_to_shares(made),
        "deals": {
            "deal_id": made.ids[kept].tolist(),
            "fate": ["won" if name == "won" else "lost" for name in fate],
            "lost_to": [None if name == "won" else name for name in fate],
            "cause": [ends.cause[row] or None for row in kept],
            "competitor": [None if k == NOBODY else names[k] for k in ends.winner[kept]],
            "closes_on": np.datetime_as_string(days.dates(ends.closed[kept])).tolist(),
            "died_on": np.datetime_as_string(days.dates(ends.died[kept])).tolist(),
        },
    }
    if made.work is not None:
        truth["misreporting"] = misreporting(parameters)
        truth["deals"] |= _worked(made, made.work, exposures)
    return truth


def lost_to_shares(made: Made) -> dict[str, float | None]:
    """Return the true shares among the deals lost by the extraction."""
    closed = made.ends.closed[made.kept] <= days.number(made.parameters.as_of)
    fate = made.ends.fate[made.kept]
    lost = fate[closed & (fate != FATES.index("won"))]
    return {
        name: round(float(np.mean(lost == place)), 4) if len(lost) else None
        for place, name in enumerate(FATES)
        if name != "won"
    }


def misreporting(parameters: Parameters) -> dict[str, dict[str, dict[str, float]]]:
    """Return what reps write down for each true cause: by `lost_to` and cause, the chance of each value.

    Reps' own leanings (`blank_effect`, `price_effect`) come on top; this is the rep without any.
    """
    plan = parameters.recording
    told: dict[str, dict[str, dict[str, float]]] = {}
    for name, causes in parameters.outcomes.causes.items():
        told[name] = {}
        for cause in causes:
            factors = plan.by_cause.get(cause, {})
            weights = {value: weight * factors.get(value, 1.0) for value, weight in plan.reasons[name].items()}
            total = sum(weights.values())
            told[name][cause] = {value: round(weight / total, 4) for value, weight in weights.items()}
    return told


def _reps(made: Made) -> dict[str, dict[str, float]]:
    reps = made.reps
    planted = zip(reps.win_effect, reps.optimism, reps.blank_effect, reps.price_effect, strict=True)
    truth = {
        name: dict(zip(PLANTED, map(float, values), strict=True))
        for name, values in zip(reps.name, planted, strict=True)
    }
    if made.work is not None:
        for name, effect in zip(reps.name, reps.manager_effect, strict=True):
            truth[name]["manager_effect"] = float(effect)
    return truth


def _worked(made: Made, work: Work, exposures: Exposures) -> dict[str, list[int] | list[float] | list[float | None]]:
    kept = made.kept
    rivals: Flags = np.any(made.deals.rivals[kept], axis=1, keepdims=False)
    flags = {
        **{f"has_{cause}": work.signs.marked[:, place] for place, cause in enumerate(BLINDSIDES)},
        **{f"shows_{cause}": work.signs.shown[:, place] for place, cause in enumerate(BLINDSIDES)},
        "left_alone": work.timeline.left_alone,
        "rolled_out": exposures.rolled_out,
        "rep_left": exposures.rep_left,
    }
    gaps = [float(gap) if there else None for gap, there in zip(exposures.gap[kept], rivals.tolist(), strict=True)]
    return {**{name: flag[kept].astype(np.int64).tolist() for name, flag in flags.items()}, "price_gap": gaps}
