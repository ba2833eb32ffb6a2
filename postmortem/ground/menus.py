"""Where each CRM keeps what an answer still lacks: a table of kinds of record and menus, kept in `menus.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from postmortem.ground.errors import UsageError, nearest

ANYWHERE, KEPT = "anywhere", "kept"
# As the adapters call the systems, and as their makers do.
NAMES = {
    "salesforce": "Salesforce", "hubspot": "HubSpot", "pipedrive": "Pipedrive", "dynamics": "Dynamics 365",
    "odoo": "Odoo", "zoho": "Zoho",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """Where a kind of record is found.

    Attributes
    ----------
    where : str
        The CRM's name and menu, or words that hold for any CRM.
    kept : bool
        Whether CRMs hold it already, so that an export brings it at once.
    """

    where: str
    kept: bool


def source_of(kind: str, systems: Sequence[str] = ()) -> Source:
    """Say where a kind of record is found in the first of the systems that is listed.

    Parameters
    ----------
    kind : str
        A table of `menus.toml`, such as ``history``.
    systems : sequence of str
        Adapters that read the book, as in `BookMeta.source_systems`.

    Raises
    ------
    UsageError
        When there is no such kind.
    """
    kinds = _kinds()
    if kind not in kinds:
        raise UsageError("There is no such kind of record.", got=kind, do=nearest(kind, list(kinds)))
    places = kinds[kind]
    named = next((system for system in systems if system in NAMES and system in places), None)
    where = str(places[ANYWHERE]) if named is None else f"{NAMES[named]}: {places[named]}"
    return Source(where, bool(places[KEPT]))


@cache
def _kinds() -> dict[str, dict[str, str | bool]]:
    return tomllib.loads(files(__package__).joinpath("menus.toml").read_text(encoding="utf-8"))
