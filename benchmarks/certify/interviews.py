"""Sixty buyers interviewed of some hundred losses: what all of them would have said, against what is true."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import special

from benchmarks.certify.section import Line, Section, Shown
from postmortem.stats import corrected_shares, z_value

LOSSES, INTERVIEWS, FEW, DRAWS = 480, 60, 20, 200
KINDS = 4
# What is true by size and segment, and what sales people write down for each of the true reasons.
LEVEL = np.log([0.30, 0.30, 0.25, 0.15])
BY_SIZE, BY_SEGMENT = np.array([0.5, -0.4, 0.0, 0.0]), np.array([0.0, 0.5, -0.5, 0.0])
WRITTEN = np.array(
    [[0.55, 0.20, 0.15, 0.10], [0.45, 0.35, 0.10, 0.10], [0.50, 0.10, 0.30, 0.10], [0.45, 0.15, 0.10, 0.30]]
)
# As many reasons as a taxonomy has, and one of the rare ones that is asked about by name.
MANY = np.array([14, 10, 9, 8, 7, 7, 6, 5, 5, 5, 5, 4, 4, 2, 2, 2, 2, 1, 1, 1]) / 100
KEPT = 13


@cache
def planted() -> np.ndarray:
    """Return the true shares: the mean over sizes (normal) and the two segments, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    lean = [LEVEL + np.outer(nodes, BY_SIZE) + segment * BY_SEGMENT for segment in (0, 1)]
    shares = sum(weights @ special.softmax(each, axis=1) for each in lean) / (2 * weights.sum())
    return np.asarray(shares)


def book(rng: np.random.Generator, interviews: int, *, by_reason: float = 0.0) -> tuple[np.ndarray, ...]:
    """Draw losses and who of them is interviewed: by size, segment and record, and `by_reason` by the first reason."""
    size, segment = rng.normal(size=LOSSES), rng.integers(2, size=LOSSES)
    chance = special.softmax(LEVEL + np.outer(size, BY_SIZE) + np.outer(segment, BY_SEGMENT), axis=1)
    true = (rng.random(LOSSES)[:, None] > chance.cumsum(axis=1)[:, :-1]).sum(axis=1)
    recorded = (rng.random(LOSSES)[:, None] > WRITTEN[true].cumsum(axis=1)[:, :-1]).sum(axis=1)
    pull = 0.6 * size - 0.5 * segment + 0.8 * (recorded == 0) - 0.4 * (recorded == 2) + by_reason * (true == 0)
    asked = np.zeros(LOSSES, dtype=bool)
    # the largest of pull and Gumbel noise: as many as planned, each drawn by its own chance
    asked[np.argsort(-(pull + rng.gumbel(size=LOSSES)))[:interviews]] = True
    return true, recorded, size, segment, asked


def corrected(seed: int) -> Shown:
    """Say how far record, interviews and correction are from the truth, and whose intervals hold it."""
    rng = np.random.default_rng(seed)
    true, recorded, size, segment, asked = book(rng, INTERVIEWS)
    kept = _correct(true, recorded, size, segment, asked)
    few = _correct(*book(rng, FEW))
    by_reason = _correct(*book(rng, INTERVIEWS, by_reason=1.0))
    truth = planted()
    record = np.bincount(recorded, minlength=KINDS) / LOSSES
    shown: dict[str, float | bool | None] = {
        "record": record[0] - truth[0],
        "few": few is None,
        "by reason": None if by_reason is None else _held(by_reason)[0],
        "by reason off": None if by_reason is None else by_reason[0][0] - truth[0],
    }
    if kept is None:
        return {**shown, **dict.fromkeys(("holds", "alone", "corrected", "worst", "width", "naive"))}
    shares, low, high, alone = kept
    half = z_value(0.95) * np.sqrt(alone * (1 - alone) / INTERVIEWS)
    return {
        **shown,
        "holds": float(np.mean(_held(kept))),
        "alone": alone[0] - truth[0],
        "corrected": shares[0] - truth[0],
        "worst": float(np.abs(shares - truth).max()),
        "width": float((high - low).mean()),
        "naive": float(np.mean(np.abs(alone - truth) <= half)),
    }


def many(seed: int) -> Shown:
    """Say whose intervals hold where twenty reasons are true, most of them named by a few buyers or none."""
    rng = np.random.default_rng(seed)
    true = rng.choice(len(MANY), LOSSES, p=MANY)
    recorded = np.where(rng.random(LOSSES) < 0.4, true, rng.choice(len(MANY), LOSSES, p=MANY))
    asked = np.zeros(LOSSES, dtype=bool)
    asked[rng.choice(LOSSES, INTERVIEWS, replace=False, p=(1.0 + (recorded == 0)) / (1.0 + (recorded == 0)).sum())] = (
        True
    )
    answers = [f"R{kind}" if there else None for kind, there in zip(true, asked, strict=True)]
    found = corrected_shares(answers, recorded, keep=(f"R{KEPT}",), draws=DRAWS)
    shares = {str(one.kind): one.share for one in found.shares if one.share.status != "refused"}
    holds = {kind: share.low <= MANY[int(kind[1:])] <= share.high for kind, share in shares.items()}
    left = 1 - sum(MANY[int(kind[1:])] for kind in shares)
    return {
        "standing": float(np.mean([held for kind, held in holds.items() if kind != f"R{KEPT}"])),
        "number": len(holds) - 1,
        "kept": holds[f"R{KEPT}"],
        "left over": (sum(one.asked for one in found.shares if one.kind == "other") / INTERVIEWS) - left,
    }


def _held(found: tuple[np.ndarray, ...]) -> np.ndarray:
    _, low, high, _ = found
    return np.asarray((low <= planted()) & (planted() <= high))


def _correct(
    true: np.ndarray, recorded: np.ndarray, size: np.ndarray, segment: np.ndarray, asked: np.ndarray
) -> tuple[np.ndarray, ...] | None:
    """Return shares, low, high and the interviews alone, by kind; None where the method refused."""
    answers = [str(kind) if there else None for kind, there in zip(true, asked, strict=True)]
    found = corrected_shares(
        answers, recorded, covariates={"size": size, "segment": segment}, keep=tuple("0123"), draws=DRAWS
    )
    if found.status == "refused":
        return None
    each = found.shares
    columns = (
        [one.share.estimate for one in each], [one.share.low for one in each], [one.share.high for one in each],
        [one.alone for one in each],
    )  # fmt: skip
    return tuple(np.array(column) for column in columns)


SECTIONS = (
    Section(
        "corrected-reasons", "Reasons of all losses, from the buyers interviewed",
        f"A book holds {LOSSES} losses with four true reasons that depend on size and segment; sales people write down "
        f"the first of them about half the time, whatever is true; {INTERVIEWS} buyers are interviewed, rather large "
        f"ones of one segment and with the first reason on record. {DRAWS} bootstrap draws a book.",
        corrected,
        (
            Line("holds", "part of the corrected 95% intervals that hold the true share", "at least 90%", "mean"),
            Line("naive", "the same of the interviews alone", "-", "mean"),
            Line("corrected", "corrected share of the first reason, less the true one", "0", "mean"),
            Line("alone", "its share of the interviews alone, less the true one", "-", "mean"),
            Line("record", "its share on record, less the true one", "-", "mean"),
            Line("worst", "largest error of the four corrected shares", "-", "mean"),
            Line("width", "how wide the corrected intervals are", "-", "mean"),
            Line("few", f"{FEW} interviews are refused", "always"),
            Line("by reason", "the first reason's interval holds, where talking depends on that very reason",
                 "no promise: only a draw by lot cures it"),
            Line("by reason off", "its corrected share then, less the true one", "no promise", "mean"),
        ),
    ),
    Section(
        "many-reasons", "The same with twenty reasons, most of them rare",
        f"A book holds {LOSSES} losses with twenty true reasons, 1 to 14% each; {INTERVIEWS} buyers are interviewed, "
        f"those with the first reason on record twice as often. {DRAWS} bootstrap draws a book.",
        many,
        (
            Line("number", "reasons named often enough to stand alone", "-", "mean"),
            Line("standing", "part of their 95% intervals that hold the true share", "at least 90%", "mean"),
            Line("kept", "the interval of a rare reason (2%) asked about by name holds", "at least 90%"),
            Line("left over", "share of the interviews left over, less the true share of these reasons",
                 "below 0: why it is not corrected", "mean"),
        ),
    ),
)  # fmt: skip
