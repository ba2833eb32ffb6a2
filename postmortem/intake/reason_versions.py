"""Reasons coded under another version of the taxonomy: translated where a crosswalk says how, else set apart."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from postmortem.intake.quarantine import Ledger
from postmortem.intake.wording import listed, shortened
from postmortem.taxonomies import Taxonomy
from postmortem.taxonomies.own_map import OwnMap, OwnTarget, read_own


def in_one_version(
    reasons: pd.DataFrame, taxonomy: Taxonomy, own: Mapping[str, OwnTarget], ledger: Ledger
) -> pd.DataFrame:
    """Bring recorded reasons to the version of the book.

    Parameters
    ----------
    reasons : DataFrame
        Canonical reasons as read.
    taxonomy : Taxonomy
        The one of the book.
    own : mapping
        The engagement's own map, for codes that `replaces` does not cover: ``version:code``, or the code
        alone where it is of an earlier version of this taxonomy.
    ledger : Ledger
        Takes a note on every version translated and on every code set apart.

    Returns
    -------
    DataFrame
        The same rows. A code of another version of this taxonomy, or of one it extends, is replaced by the code
        that carries its meaning now, and its version by the book's. Where none does, or where the version
        belongs to another taxonomy, the row has no code, keeps its version, and holds ``version:code`` as its
        text unless it has a text: such rows are never counted under a code that only looks the same.

    Notes
    -----
    Rows without a version are taken for the book's.
    """
    coded = reasons["code"].notna()
    version = reasons["taxonomy_version"].fillna(taxonomy.stamp)
    if not coded.any():
        return reasons
    decided = read_own(own, taxonomy)
    pairs = {(ver, code) for ver, code in zip(version[coded], reasons.loc[coded, "code"], strict=True)}
    meaning = {pair: _carried(*pair, taxonomy, decided) for pair in sorted(pairs)}
    found = pd.Series(
        [meaning.get((ver, code)) for ver, code in zip(version, reasons["code"], strict=True)],
        index=reasons.index, dtype="str",
    )  # fmt: skip
    apart = coded & found.isna()
    other = coded & (version != taxonomy.stamp)
    _note_translated(reasons, found, version, other & ~apart, taxonomy, ledger)
    _note_apart(reasons, version, apart, taxonomy, ledger)
    return reasons.assign(
        code=found,
        taxonomy_version=reasons["taxonomy_version"].mask(other & ~apart, taxonomy.stamp),
        text=reasons["text"].mask(apart & reasons["text"].isna(), version + ":" + reasons["code"]),
    )


def _carried(version: str, code: str, taxonomy: Taxonomy, own: OwnMap) -> str | None:
    """Return the code that carries the meaning of an earlier one, None where nobody has said which."""
    live = taxonomy.successor(code)
    if version == taxonomy.stamp:
        # A code that the taxonomy never had is the rater's slip, not another version's: it is shown as unknown.
        return live or code
    ours = {part.partition("@")[0] for part in taxonomy.stamp.split("+")}
    is_ours = version.split("+")[0].partition("@")[0].strip() in ours
    # A code of a foreign taxonomy is named with its version: alone, it may be a word of the CRM or a code of ours.
    entry = own.exact.get(f"{version}:{code}") or (own.exact.get(code) if is_ours else None)
    if entry is not None and len(entry.codes) == 1:
        return taxonomy.successor(entry.codes[0])
    return live if is_ours and live in taxonomy.assignable else None


def _note_translated(
    reasons: pd.DataFrame, found: pd.Series, version: pd.Series, rows: pd.Series, taxonomy: Taxonomy, ledger: Ledger
) -> None:
    for name in sorted(version[rows].unique()):
        of_name = rows & (version == name)
        moved = of_name & (found != reasons["code"])
        pairs = reasons.loc[moved, "code"] + " → " + found[moved]
        renamed = f"; renamed: {listed(pairs)}" if moved.any() else ""
        what = f"coded under {shortened(name)}, translated to {taxonomy.stamp}{renamed}"
        ledger.note("taxonomy_version", int(of_name.sum()), what)


def _note_apart(reasons: pd.DataFrame, version: pd.Series, rows: pd.Series, taxonomy: Taxonomy, ledger: Ledger) -> None:
    for name in sorted(version[rows].unique()):
        of_name = rows & (version == name)
        codes = listed(f"{name}:" + reasons.loc[of_name, "code"])
        what = (
            f"set apart without a code, since nothing says what they mean in {taxonomy.stamp}: {codes}; give the code "
            'that carries it replaces = ["old_code"], or say under [taxonomy.reasons] "version:old_code" = "code"'
        )
        ledger.note("taxonomy_version", int(of_name.sum()), what)
