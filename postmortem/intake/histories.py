"""Field history: wide rows unfolded to one row a change, fields and values written canonically."""

from __future__ import annotations

from typing import Final

import pandas as pd

from postmortem.ground import schema
from postmortem.intake.adapter import Adapter
from postmortem.intake.columns import Reader, Refusal
from postmortem.intake.quarantine import Ledger
from postmortem.intake.stage_entries import WIDE_MARK, entries_in
from postmortem.intake.workbook import canonical_text

WIDE: Final = ("_stage", "_forecast_category", "_expected_close_date", "_amount", "_probability", "_owner_id")
MARK: Final = WIDE_MARK
VALUES: Final = ("old_value", "new_value")
NAME_IT: Final = 'name it in postmortem.toml under [tables.history.columns], as new_value = "header"'
TYPED: Final = ("enum", "money", "number", "integer", "date", "flag")


def unfold(cells: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Turn rows that hold the whole state at a moment into one row a field; other histories stay.

    Parameters
    ----------
    cells : DataFrame
        Text under canonical names; `WIDE` helpers are the fields of a wide history.
    ledger : Ledger
        Goes on with the unfolded rows.
    """
    fields = [column for column in WIDE if column in cells]
    if "field" in cells or not fields:
        return cells
    ids = [column for column in ("deal_id", "changed_at", "seq") if column in cells]
    parts = [
        cells[ids].assign(field=column.removeprefix("_"), new_value=cells[column], _origin=cells.index)
        for column in fields
    ]
    # A stable sort by row keeps the order of the file, which is all there is within one moment.
    tall = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    ledger.unfold(
        tall.pop("_origin"), "field", f"rows of a wide history were read as one row for each of {len(fields)} fields"
    )
    tall["field"] = tall["field"].astype("str")
    return tall.assign(old_value=pd.Series(pd.NA, index=tall.index, dtype="str"), **{MARK: "yes"})


def write_canonically(
    history: pd.DataFrame, reader: Reader, adapter: Adapter, ledger: Ledger
) -> tuple[pd.DataFrame, list[Refusal]]:
    """Name fields as `deals` does and write their values in one way: ISO days, plain numbers, categories.

    Parameters
    ----------
    history : DataFrame
        Typed; values still as in the file.
    reader : Reader
        How the file writes days and numbers.
    adapter : Adapter
        Knows what the source calls a field.
    ledger : Ledger
        Rows with unreadable values are set aside.

    Returns
    -------
    (DataFrame, list of Refusal)
        The history, and fields that cannot be read as a whole. A history without a column of new values is
        refused: an empty new value is a value, so every field would read as emptied.
    """
    if "new_value" not in history:
        return history, [Refusal("new_value: no column holds what a field was changed to", NAME_IT)]
    history = history.assign(field=canonical_fields(history["field"], adapter))
    both = {name: history[name].copy() for name in VALUES if name in history}
    refusals: list[Refusal] = []
    for column in schema.DEALS.columns:
        rows = history["field"] == column.name
        if column.kind not in TYPED or not rows.any():
            continue
        text = pd.concat({name: values[rows] for name, values in both.items()})
        read = reader.read_column(column, text.str.strip(), ledger)
        if isinstance(read, Refusal):
            refusals.append(read)
            continue
        canonical = _written(read.values).where(text.notna())
        for name, values in both.items():
            values.loc[rows] = canonical.xs(name)
            why = read.why.xs(name)
            ledger.set_aside(why.notna(), name, history[name], why)
    return history.assign(**both), refusals


def keep_changes(history: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Give each row of an unfolded history its value before, and leave out rows that changed nothing."""
    within = ["seq"] if "seq" in history else []
    ordered = history.sort_values(["deal_id", "field", "changed_at", *within], kind="stable")
    before = ordered.groupby(["deal_id", "field"], dropna=False)["new_value"].shift()
    same = (ordered["new_value"] == before) | (ordered["new_value"].isna() & before.isna())
    changed = ordered.assign(old_value=before.astype("str"))[~same.fillna(False).astype(bool)]
    ledger.merged(
        int(len(ordered) - len(changed)), "new_value", "values that did not change are no changes and were left out"
    )
    return changed.sort_index()


def number_changes(history: pd.DataFrame) -> pd.DataFrame:
    """Give changes of one deal at one moment the order of the file, where the source gives none."""
    if "seq" in history and history["seq"].notna().any():
        return history
    order = history.groupby(["deal_id", "changed_at"], dropna=False).cumcount()
    return history.assign(seq=order.astype("Int64"))


def canonical_fields(fields: pd.Series[str], adapter: Adapter) -> pd.Series[str]:
    """Return the fields of a history under the names that `deals` has for them."""
    words = [str(word) for word in fields.dropna().unique()]
    matched = adapter.match("deals", words)
    known = {name.removeprefix("_"): matched[name] for name in matched if name not in entries_in(matched)}
    names = {word: name for name, word in known.items()}
    for word, name in names.items():
        # While a deal is open, the day in its close date field is the expected one.
        if name in ("closed_at", "close_date") and word != "closed_at":
            names[word] = "expected_close_date"
    return fields.map(lambda word: names.get(word, word), na_action="ignore").astype("str")


def _written(values: pd.Series) -> pd.Series[str]:
    """Return values as text, each distinct one written once."""
    codes, distinct = pd.factorize(values)
    # Code -1 is a missing value and takes the last entry.
    texts = pd.Series([*map(_canonical, distinct), None], dtype="str")
    return texts.take(codes).set_axis(values.index)


def _canonical(value: object) -> str:
    return value.date().isoformat() if isinstance(value, pd.Timestamp) else canonical_text(value)
