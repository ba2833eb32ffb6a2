"""What follows from what was recorded: reps' managers, reasons mapped to codes, competitors one a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.lost_to import read_lost_to
from postmortem.intake.cells import split_values
from postmortem.intake.folding import fold
from postmortem.intake.quarantine import Ledger
from postmortem.intake.wording import listed, shortened, toml_string
from postmortem.taxonomies import Mapped, Taxonomy

NO_COMPETITOR: Final = frozenset({
    "none", "no competitor", "no competitors", "no competition", "none known", "not applicable", "n/a",
})  # fmt: skip
SOME_COMPETITOR: Final = frozenset({
    "unknown competitor", "competitor unknown", "unidentified competitor", "unnamed competitor",
})  # fmt: skip
NOT_KNOWN: Final = frozenset({"unknown", "not known", "unidentified", "?"})
EXISTING: Final = (
    "existing",
    "renewal",
    "upsell",
    "up-sell",
    "cross-sell",
    "cross sell",
    "expansion",
    "add-on",
    "upgrade",
)
NEW: Final = frozenset({"new", "new business", "new customer", "new logo"})
REASON_FIELDS: Final = {"lost": "loss_reason_raw", "won": "win_reason_raw"}
NOTES_AT_MOST: Final = 50
FROM_REPS: Final = (("manager_id", "manager_id"), ("team", "team"), ("region", "territory"))
FROM_ACCOUNTS: Final = (("segment", "segment"), ("region", "region"))


def fill_from(
    deals: pd.DataFrame, other: pd.DataFrame, keys: tuple[str, str], columns: Sequence[tuple[str, str]], ledger: Ledger
) -> pd.DataFrame:
    """Fill columns the deals do not have at all from the table of reps or accounts.

    Parameters
    ----------
    deals, other : DataFrame
        Canonical; `other` has one row a key.
    keys : (str, str)
        Column of `deals` and column of `other` that name the same thing.
    columns : sequence of (str, str)
        Column of `deals` and the column of `other` it is filled from.
    ledger : Ledger
        Of the deals; says what was filled and which keys were not found.
    """
    mine, theirs = keys
    known = other.dropna(subset=[theirs]).drop_duplicates(theirs, keep="last").set_index(theirs)
    filled: dict[str, pd.Series[Any]] = {}
    for target, origin in columns:
        if deals[target].isna().all() and known[origin].notna().any():
            filled[target] = deals[mine].map(known[origin]).astype("str")
            ledger.note(
                target, filled[target].notna().sum(), f"was filled from {origin} of the table that has {theirs}"
            )
    strangers = deals[mine][deals[mine].notna() & ~deals[mine].isin(known.index)]
    if len(strangers) and filled:
        ledger.note(mine, len(strangers), f"not found in the table that has {theirs}: {listed(strangers)}")
    return deals.assign(**filled)


def fill_existing_customers(deals: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Read from the type of deal whether the customer bought before, where nothing else says so."""
    if deals["is_existing_customer"].notna().any():
        return deals
    meaning: dict[str, bool] = {}
    for word in deals["deal_type"].dropna().unique():
        plain = fold(word)
        if plain in NEW:
            meaning[word] = False
        elif plain.startswith(EXISTING):
            meaning[word] = True
    if not meaning:
        return deals
    known = deals["deal_type"].map(meaning).astype("boolean")
    words = ", ".join(f"{shortened(word)} {'yes' if old else 'no'}" for word, old in sorted(meaning.items()))
    ledger.note("is_existing_customer", known.notna().sum(), f"was read from deal_type: {words}")
    return deals.assign(is_existing_customer=known)


def record_lost_to(deals: pd.DataFrame, own: Mapping[str, str], ledger: Ledger) -> pd.DataFrame:
    """Fill `lost_to_recorded` of lost deals with what `lost_to_raw` says."""
    raw = deals["lost_to_raw"].where(deals["outcome"] == "lost")
    meaning = {word: read_lost_to(word, own) for word in raw.dropna().unique()}
    found = raw.map(meaning).astype("str").fillna(deals["lost_to_recorded"])
    unread = raw[raw.notna() & found.isna()]
    if len(unread):
        what = f"lost to whom cannot be told from {listed(unread)}; map these words under [taxonomy.lost_to]"
        ledger.note("lost_to_raw", len(unread), what)
    return deals.assign(lost_to_recorded=found)


def reasons_of(deals: pd.DataFrame, outcome: str = "lost") -> pd.DataFrame:
    """Return one row a reason of a lost deal, or of a won one: deal_id, rater_id, text, several (of one deal)."""
    column = REASON_FIELDS[outcome]
    ended = deals[(deals["outcome"] == outcome) & deals[column].notna()]
    parts = ended[column].map(lambda text: list(dict.fromkeys(split_values(text))))
    rows = pd.DataFrame(
        {"deal_id": ended["deal_id"], "rater_id": ended["owner_id"], "text": parts, "several": parts.map(len) > 1}
    )
    return rows.explode("text").dropna(subset=["text"]).reset_index(drop=True)


def derive_reasons(
    deals: pd.DataFrame, mapped: Mapping[str, Mapped], taxonomy: Taxonomy, ledger: Ledger
) -> pd.DataFrame:
    """Make the reps' reasons of what the CRM holds for lost deals, and for won ones.

    A single reason is primary; of several, all are contributing: a list names no first one. A value that
    stands for no single code keeps its words and has no code.

    Parameters
    ----------
    deals : DataFrame
        Canonical deals.
    mapped : mapping of str to Mapped
        Each value and what it stands for.
    """
    by_outcome = {outcome: reasons_of(deals, outcome) for outcome in REASON_FIELDS}
    rows = pd.concat([by_outcome["lost"], by_outcome["won"]], ignore_index=True)
    for outcome in ("won", "open"):
        odd = (deals["outcome"] == outcome) & deals["loss_reason_raw"].notna()
        if odd.any():
            ledger.note("loss_reason_raw", odd.sum(), f"{outcome} deals carry a loss reason; it is not counted as one")
    for outcome, column in REASON_FIELDS.items():
        _note_unmapped(column, by_outcome[outcome]["text"], mapped, ledger)
    codes = {value: each.code for value, each in mapped.items() if each.code is not None}
    lost_to = {value: each.lost_to for value, each in mapped.items() if each.lost_to is not None}
    columns = {
        "deal_id": rows["deal_id"],
        "rater_type": "rep",
        "rater_id": rows["rater_id"],
        "code": rows["text"].map(codes),
        "rank": rows["several"].map({True: "contributing", False: "primary"}),
        # The same word on a won deal says to whom nothing was lost.
        "lost_to": rows["text"].map(lost_to).where(rows.index < len(by_outcome["lost"])),
        "taxonomy_version": taxonomy.stamp,
        "text": rows["text"],
    }
    return canonical("reasons", pd.DataFrame(columns, index=rows.index))


def derive_competitors(deals: pd.DataFrame, reasons: pd.DataFrame) -> pd.DataFrame:
    """Make one row a competitor of what the CRM names on a deal.

    "Unknown" is a competitor of its own only where the CRM says that one was there but not which: by the
    word itself, or because the deal is recorded as lost to one.
    """
    named = deals[deals["competitor_raw"].notna()]
    rows = pd.DataFrame({"deal_id": named["deal_id"], "competitor": named["competitor_raw"].map(split_values)})
    rows = rows.explode("competitor").dropna(subset=["competitor"])
    to_one = set(deals.loc[deals["lost_to_recorded"] == "competitor", "deal_id"])
    to_one |= set(reasons.loc[reasons["lost_to"] == "competitor", "deal_id"])
    plain = rows["competitor"].map(fold).astype("str")
    unnamed = plain.isin(SOME_COMPETITOR) | (plain.isin(NOT_KNOWN) & rows["deal_id"].isin(to_one))
    rows["competitor"] = rows["competitor"].mask(unnamed, schema.UNKNOWN)
    rows = rows[unnamed | ~plain.isin(NO_COMPETITOR | NOT_KNOWN)].drop_duplicates()
    return canonical("competitors", rows.assign(status="present"))


def with_derived(recorded: pd.DataFrame | None, derived: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return recorded rows and those derived rows whose keys are not among them."""
    if recorded is None or recorded.empty:
        return derived
    known = pd.MultiIndex.from_frame(recorded[list(keys)])
    new = derived[~pd.MultiIndex.from_frame(derived[list(keys)]).isin(known)]
    return recorded if new.empty else pd.concat([recorded, new], ignore_index=True)


def canonical(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with exactly the columns of a canonical table, in order, typed, missing where absent."""
    if frame.empty:
        return schema.empty(table)
    empty = schema.empty(table)
    filled = {name: frame[name] for name in schema.table(table).names if name in frame and frame[name].notna().any()}
    typed = {name: filled[name] if name in filled else empty[name].reindex(frame.index) for name in empty.columns}
    dtypes = {column.name: schema.DTYPES[column.kind] for column in schema.table(table).columns}
    return pd.DataFrame(typed, index=frame.index).astype(dtypes).reset_index(drop=True)


def _note_unmapped(column: str, texts: pd.Series[str], mapped: Mapping[str, Mapped], ledger: Ledger) -> None:
    counts = texts.value_counts()
    open_values = [value for value in counts.index if mapped[value].source in ("unmapped", "ambiguous")]
    for value in open_values[:NOTES_AT_MOST]:
        each = mapped[value]
        meaning = f"may stand for {', '.join(each.candidates)}" if each.candidates else "stands for no code yet"
        line = f'{toml_string(value[:200])} = "code"'
        what = f"the reason {shortened(value)} {meaning}; decide under [taxonomy.reasons]: {line}"
        ledger.note(column, int(counts[value]), what)
    more = open_values[NOTES_AT_MOST:]
    if more:
        ledger.note(column, int(counts[more].sum()), f"{len(more)} more reasons stand for no single code")
