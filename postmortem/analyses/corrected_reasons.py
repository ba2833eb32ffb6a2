"""Why deals were lost in the words of their buyers, for all losses: corrected from those who were interviewed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from postmortem.analyses.contract import WITHHELD, Analysis, Need, any_missing, spoken
from postmortem.charts.paired_intervals import paired_intervals
from postmortem.charts.range_bars import range_bars
from postmortem.frames.buyers import Buyers, buyers_of
from postmortem.frames.cohort import Cohort
from postmortem.frames.correction import OTHER, basis_table, shares_table, spanned
from postmortem.ground.formats import count, interval_text, per_cent
from postmortem.result import Column, Result, Table, Tables
from postmortem.stats import CorrectedShares, chance_of_at_least, corrected_shares, reordering_of, wilson
from postmortem.stats.corrected_shares import DRAWS, LEAST_ASKED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRICE, PRICE_LIMIT = "price", 0.20
OTHERS = "All other reasons"
SHOWN, MANY = 12, 200
INTERVIEWED = Need(
    "reasons", ("code", "rater_type"), LEAST_ASKED, "losses with a buyer's main reason",
    "interview buyers of lost deals, drawn by lot, and record their reasons as rater_type buyer", "interviews",
    lambda cohort, rows: len(buyers_of(cohort, rows, "reason").answered),
)  # fmt: skip
METHOD = (
    "Buyer-attributed main reasons of all losses of the window, from the losses whose buyer was interviewed: augmented "
    "inverse-probability weighting. The chance of an interview is the plan's own probability times a ridge logistic "
    "model of responding where the plan drew every interview by lot, else a ridge logistic model of having been "
    "interviewed, never below .03; the answer is modelled by a ridge multinomial logit. Both see the sales person's "
    "main reason (reasons behind fewer than three interviews together), who took the deal on record, amount and "
    "segment. Intervals: percentiles of 400 bootstrap draws of the whole (200 from 200 interviews on), by sales person "
    "where twenty of them have an interview. Reasons named in fewer than five interviews are counted together "
    "without a share, as which of them are rare is chance too, save price and the reason the record holds most "
    "often, whose interval reaches at least as far as Clopper-Pearson's on the effective number. On record: "
    "the sales person's main reason, over the losses that have one. Bounds (Manski): none, or all, of the losses "
    "without an interview. Below 25 interviews, or an effective number of 15, nothing is corrected. A buyer's word is "
    "a report too."
)


def corrected_reasons(cohort: Cohort) -> Result:
    """Why were deals lost in the words of their buyers, corrected for who was interviewed?

    Parameters
    ----------
    cohort : Cohort
        Any kind; the window is pooled.

    Returns
    -------
    Result
        Table ``reasons``, one row a main reason, by corrected share: ``code``, ``reason``, ``recorded`` (losses with it
        on record), ``recorded_share`` (of those with a reason on record), ``asked`` (interviews that name it),
        ``alone`` (their share of the interviews) with ``alone_low`` and ``alone_high`` (Wilson), ``share`` of all
        losses, corrected, with ``low``, ``high`` and ``se`` (missing when nothing is corrected), ``apart`` (corrected
        minus on record) with ``apart_low`` and ``apart_high``, ``lowest`` and ``highest`` (bounds). Table ``basis``,
        one row: ``losses``, ``on_record`` (with a reason), ``interviews``, ``drawn`` (how they were chosen),
        ``effective`` (evenly spread interviews they are worth), ``needed``. Table ``word``, one row: ``both`` (losses
        with a reason of sales person and buyer), ``another`` (buyer gave another one), ``another_share`` with
        ``another_low`` and ``another_high``, ``unnamed`` (a reason no buyer named is held by under this share of
        losses; missing unless drawn by lot). When corrected, table ``order``, one row: ``first``, ``second``,
        ``now`` and ``then`` (share of the buyers not interviewed who would name the second, as corrected and where
        the two change places; missing where none could do it), ``odds`` (the factor on its odds), ``same_order`` (part
        of the draws in which the first stays ahead); and table ``price``, one row: ``price`` (corrected share of price)
        with ``price_low``, ``price_high``, ``price_se``, ``limit``, ``p`` (one-sided: chance of so low a share, were
        the true one at least the limit).

    Notes
    -----
    Refused without an interview. Below 25, and where the correction cannot stand, the counts, the bounds and two
    statements are given (fallback). Under 50 the intervals are likely too narrow.

    References
    ----------
    Robins, Rotnitzky and Zhao (1994), JASA 89, 846–866; Manski (1990), American Economic Review 80, 319–323.
    """
    buyers = buyers_of(cohort, cohort.window_rows, "reason")
    if buyers.answered.empty:
        return ANALYSIS.lack(cohort, INTERVIEWED)
    rows = buyers.rows
    on_record = rows["recorded"].value_counts()
    most = sorted(on_record.index, key=lambda code: (-on_record[code], code))[:1]
    price = [code for code in cohort.book.taxonomy.assignable if PRICE in code]
    found = corrected_shares(
        rows["buyer"], rows["recorded"].fillna("no reason on record"), covariates=buyers.covariates,
        inclusion=rows["inclusion"] if buyers.by_lot else None, clusters=rows["owner"],
        keep={*most, *price}, pool=OTHER, least_asked=INTERVIEWED.least,
        draws=DRAWS if len(buyers.answered) < MANY else DRAWS // 2,
    )  # fmt: skip
    corrected = found.status != "refused"
    labels = {reason.code: reason.label for reason in cohort.book.taxonomy.reasons}
    title = f"Main reasons of {count(len(rows), 'loss', 'losses')}, {cohort.window_label}"
    table = shares_table(buyers, found, "reason", {**labels, OTHER: OTHERS}, title)
    tables = {"reasons": table, "basis": basis_table(buyers, found, INTERVIEWED.least), "word": _word(buyers)}
    if corrected:
        tables |= {"order": _order(table, found)} | ({"price": _price(found, price)} if price else {})
    caveats = _caveats(buyers, found, tables)
    return ANALYSIS.answer(tables, cohort, n_used=len(rows), caveats=caveats, fallback=not corrected)


def headline(tables: Tables) -> str:
    """Say the first corrected reason and what becomes of the one on record most often; or the two statements."""
    base, word = tables["basis"].first, tables["word"].first
    if any_missing(base["losses"], base["interviews"]):
        return WITHHELD
    if "order" not in tables:
        return _without(tables["reasons"].rows, base, word)
    asked = f"{base['interviews']:,} of {count(base['losses'], 'loss', 'losses')} with a buyer interviewed"
    rows = tables["reasons"].rows
    known = rows.dropna(subset=["share", "low", "high", "recorded_share"])
    named = known[known["code"] != OTHER]
    if named.empty:
        return WITHHELD
    first, record = named.iloc[0], named.sort_values("recorded_share", ascending=False, kind="stable").iloc[0]
    told = f"{asked}, corrected to all of them: buyers name {_reason(first)} for {_share(first)}"
    if record["code"] == first["code"]:
        return f"{told}; on record it is {per_cent(first['recorded_share'])}."
    return (
        f"{told}, {_reason(record)} for {_share(record)}; on record the latter is {per_cent(record['recorded_share'])}."
    )


def draw(tables: Tables, axes: Axes) -> None:
    """Draw each reason on record and corrected, with how far they are apart; or the bounds where nothing is."""
    rows = tables["reasons"].rows
    if "order" not in tables:
        range_bars(
            rows.head(SHOWN),
            axes,
            name="reason",
            low="lowest",
            high="highest",
            recorded="recorded_share",
            recorded_label="on record",
            range_label="what the buyers' words leave possible",
        )
        return
    paired_intervals(
        rows.head(SHOWN).assign(none=math.nan), axes, name="reason", left="recorded_share", left_low="none",
        left_high="none", right="share", right_low="low", right_high="high", left_label="on record",
        right_label="in the buyers' words, all losses", difference="apart", low="apart_low", high="apart_high",
        n="asked", noun="interview",
    )  # fmt: skip


def _reason(row: Any) -> str:
    return f"“{spoken(row['reason'], 'one reason')}”"


def _share(row: Any) -> str:
    return f"{per_cent(row['share'])} ({interval_text(row['low'], row['high'])})"


def _without(rows: pd.DataFrame, base: dict[str, Any], word: dict[str, Any]) -> str:
    losses, few = count(base["losses"], "loss", "losses"), base["interviews"] < base["needed"]
    told = f"{base['interviews']:,} of the {base['needed']} interviews needed to speak for {losses}"
    told = told if few else f"{count(base['interviews'], 'interview')}, too uneven to speak for {losses}"
    if any_missing(word["both"], word["another"]):
        return f"{told}."
    told += f"; {word['another']:,} of {count(word['both'], 'buyer')} gave another main reason than the sales person"
    if not any_missing(word["another_low"], word["another_high"]):
        told += f" ({interval_text(word['another_low'], word['another_high'])})"
    record = rows.dropna(subset=["recorded", "asked"]).sort_values("recorded", ascending=False, kind="stable").head(1)
    if len(record) and record["recorded"].iloc[0] > 0:
        row = record.iloc[0]
        told += f"; {_reason(row)}, {per_cent(row['recorded_share'])} on record, was named by {row['asked']:,}"
    if any_missing(word["unnamed"]):
        return f"{told}."
    return f"{told}; a reason that no buyer named is held by under {per_cent(word['unnamed'])} of the losses."


def _word(buyers: Buyers) -> Table:
    both = buyers.answered.dropna(subset=["recorded"])
    another = int((both["buyer"] != both["recorded"]).sum())
    share = wilson(another, len(both), least_events=0) if len(both) else None
    unnamed = math.nan
    if buyers.by_lot:
        weights = 1 / buyers.answered["inclusion"].to_numpy()
        unnamed = 1 - 0.05 ** float((weights**2).sum() / weights.sum() ** 2)
    frame = pd.DataFrame(
        {
            "both": [len(both)], "another": [another], "another_share": [share.estimate if share else math.nan],
            "another_low": [share.low if share else math.nan], "another_high": [share.high if share else math.nan],
            "unnamed": [unnamed],
        }
    )  # fmt: skip
    columns = (
        Column("both", "count", "Sales person and buyer both gave one"),
        Column("another", "count", "Buyer gave another one"),
        *spanned("another_share", "Share (95% interval)", "another_low", "another_high"),
        Column("unnamed", "estimate", "A reason no buyer named is held by under (95%)", "share"),
    )
    return Table(frame, columns, "The buyer's word beside the sales person's")


def _order(reasons: Table, found: CorrectedShares) -> Table:
    ranked = reasons.rows[reasons.rows["code"] != OTHER]
    made: dict[str, Any] = {"first": None, "second": None, "now": math.nan, "then": math.nan, "odds": math.nan,
                            "same_order": math.nan}  # fmt: skip
    if len(ranked) > 1:
        first, second = ranked.iloc[0], ranked.iloc[1]
        tilt = reordering_of(found, first["code"], second["code"])
        odds = math.exp(tilt.delta) if math.isfinite(tilt.delta) else math.nan
        made = {"first": first["reason"], "second": second["reason"], "now": tilt.share, "then": tilt.needed,
                "odds": odds, "same_order": tilt.same_order}  # fmt: skip
    columns = (
        Column("first", "label", "First"),
        Column("second", "label", "Second"),
        Column("now", "estimate", "Buyers not interviewed who would name the second, as corrected", "share"),
        Column("then", "estimate", "The same where the two change places", "share"),
        Column("odds", "estimate", "Factor on the odds of the second"),
        Column("same_order", "estimate", "Redrawn samples in which the first stays ahead", "share"),
    )
    frame = pd.DataFrame([made]).astype({"first": "str", "second": "str"})
    return Table(frame, columns, "What would change the order of the first two", detail=True)


def _price(found: CorrectedShares, codes: list[str]) -> Table:
    chosen = [index for index, one in enumerate(found.shares) if one.kind in codes]
    shares = [found.shares[index].share for index in chosen]
    drawn = found.draws[:, chosen].sum(axis=1)
    frame = pd.DataFrame(
        {
            "price": [min(math.fsum(share.estimate for share in shares), 1.0)],
            "price_low": [max((share.low for share in shares), default=0.0)],
            "price_high": [min(math.fsum(share.high for share in shares), 1.0)],
            "price_se": [float(drawn.std())],
            "limit": [PRICE_LIMIT], "p": [chance_of_at_least(found, codes, PRICE_LIMIT)],
        }
    )  # fmt: skip
    columns = (
        *spanned("price", "Price as the main reason (95% interval)", "price_low", "price_high"),
        Column("price_se", "estimate", "How far chance moves it", "points", shown=False),
        Column("limit", "estimate", "Set against", "share"),
        Column("p", "estimate", "Chance of so low a share, were it as high as that"),
    )  # fmt: skip
    return Table(frame, columns, "Price in the buyers' words, all losses", detail=True)


def _caveats(buyers: Buyers, found: CorrectedShares, tables: dict[str, Table]) -> tuple[str, ...]:
    told = ["Reasons are the buyers' own: a buyer's word is a report as well."]
    if not buyers.by_lot:
        told.append("The interviews were not drawn by lot: if buyers were chosen, or agreed to talk, by their very "
                    "reason, nothing here makes up for it.")  # fmt: skip
    if found.status == "refused":
        if buyers.by_lot:
            told.append("The last statement takes buyers who talked to be like those who did not.")
        return (*told, f"Nothing is corrected: {found.why}. The ranges shown are bounds: what the losses without an "
                "interview leave possible.")  # fmt: skip
    if found.why:
        told.append(f"{count(found.asked, 'interview')}: the intervals are likely too narrow below fifty.")
    if found.pooled:
        told.append(f"{OTHERS}: each named in fewer than five interviews. Which ones are that rare is partly chance, "
                    "so they are counted together and not corrected.")  # fmt: skip
    order = tables["order"].first
    if not any_missing(order["then"], order["now"]):
        told.append(
            f"The order of the first two would change only if {per_cent(order['then'])} of the buyers not interviewed, "
            f"instead of {per_cent(order['now'])}, named “{order['second']}” (or by chance: “{order['first']}” stays "
            f"ahead in {per_cent(order['same_order'])} of redrawn samples)."
        )
    return tuple(told)


ANALYSIS = Analysis(corrected_reasons, headline, draw, family="rate", method=METHOD, needs=(INTERVIEWED,))
