"""What changed between two versions of a taxonomy, and whether their quarters can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from postmortem.ground.errors import DataError
from postmortem.taxonomies.model import Reason, Taxonomy


@dataclass(frozen=True)
class FieldChange:
    """A field that carries meaning and reads differently now."""

    code: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class VersionChange:
    """What became of the codes between two versions.

    Parameters
    ----------
    old, new : str
        Stamps of the two versions.
    added, removed : tuple of str
        Codes with no predecessor, and codes whose meaning is no longer carried by any code.
    renamed : tuple of (str, str)
        Old code and new code, one for one.
    merged : tuple of (tuple of str, str)
        Old codes that share one code now, and that code; it may have been there before.
    changed : tuple of FieldChange
        For codes in both versions: label, definition, parent, lost_to, ecosystem.
    """

    old: str
    new: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    merged: tuple[tuple[tuple[str, ...], str], ...]
    changed: tuple[FieldChange, ...]

    @property
    def redefined(self) -> tuple[str, ...]:
        """Codes kept under a definition that reads differently."""
        return tuple(change.code for change in self.changed if change.field == "definition")


def compare_versions(old: Taxonomy, new: Taxonomy) -> VersionChange:
    """Say what became of each code of `old` in `new`."""
    arrived: dict[str, list[str]] = {}
    for code in old.codes:
        target = new.successor(code)
        if target is not None:
            arrived.setdefault(target, []).append(code)
    renamed = tuple((codes[0], target) for target, codes in arrived.items() if len(codes) == 1 and codes[0] != target)
    merged = tuple((tuple(codes), target) for target, codes in arrived.items() if len(codes) > 1)
    return VersionChange(
        old=old.stamp,
        new=new.stamp,
        added=tuple(code for code in new.codes if code not in arrived),
        removed=tuple(code for code in old.codes if new.successor(code) is None),
        renamed=renamed,
        merged=merged,
        changed=tuple(
            change
            for code in old.codes
            if code in new.codes
            for change in _field_changes(old.reason(code), new.reason(code))
        ),
    )


def _field_changes(before: Reason, after: Reason) -> tuple[FieldChange, ...]:
    pairs = (
        ("label", before.label, after.label),
        ("definition", before.definition, after.definition),
        ("parent", before.parent, after.parent),
        ("lost_to", before.lost_to, after.lost_to),
        ("ecosystem", before.ecosystem, after.ecosystem),
    )
    return tuple(FieldChange(before.code, field, was, now) for field, was, now in pairs if was != now)


def comparable(
    old_codes: Iterable[str], new: Taxonomy, *, crosswalk: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Translate the codes of an earlier version, or refuse to compare.

    Parameters
    ----------
    old_codes : iterable of str
        Codes used on deals that were coded under the earlier version.
    new : Taxonomy
        The version to compare under.
    crosswalk : mapping of str to str, optional
        Old code -> new code, for codes that `replaces` does not cover.

    Returns
    -------
    dict of str to str
        Each old code and the code that carries its meaning in `new`.

    Raises
    ------
    DataError
        If a code has no meaning in `new`, naming all such codes.
    """
    bridge = crosswalk or {}
    used = tuple(dict.fromkeys(old_codes))
    targets = {code: new.successor(bridge.get(code, code)) for code in used}
    lost = [code for code, target in targets.items() if target is None]
    if lost:
        raise DataError(
            f"these quarters were coded under different versions: {len(lost)} of {len(used)} codes used "
            f"have no meaning in {new.stamp}",
            expected="every code of the earlier version, or a code that `replaces` it",
            rows=lost,
            do='give the code that carries its meaning `replaces = ["old_code"]`, or code these deals again',
        )
    return {code: target for code, target in targets.items() if target is not None}
