"""What two editions were made of: parameters, settings, taxonomy, code, libraries and files that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from postmortem.ground.config import FILE_NAME

CauseKind = Literal["parameter", "setting", "taxonomy", "code", "library", "source", "input"]
PARAMETERS: Final = {"as_of": "data as of", "frame": "deals chosen as", "window": "quarters pooled"}
NOT_IN_FIGURES: Final = ("preflight", "report")
OWN: Final = "deal-postmortem"


@dataclass(frozen=True)
class Cause:
    """One thing that differs in what two editions were made of; `what` says it in words."""

    kind: CauseKind
    what: str


def causes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Cause, ...]:
    """Compare two manifests.

    Parameters
    ----------
    before, after : mapping
        As from `manifest.json`; what an older version of this program did not keep is passed over.
    """
    return (*_parameters(before, after), *_made_with(before, after), *_inputs(before, after))


def _parameters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    for name, label in PARAMETERS.items():
        was, now = before.get(name), after.get(name)
        if was != now:
            yield Cause("parameter", f"{label} {_joined(now)}, was {_joined(was)}")
    was, now = (told.get("parameters", {}) for told in (before, after))
    for name in sorted({*was, *now} - {"as_of", "window"}):
        if was.get(name) != now.get(name):
            yield Cause("parameter", f"{name} {now.get(name)}, was {was.get(name)}")


def _made_with(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    if "settings" in before and "settings" in after:
        was, now = before["settings"], after["settings"]
        for section in sorted({*was, *now} - set(NOT_IN_FIGURES)):
            if was.get(section) != now.get(section):
                yield Cause("setting", f"[{section}] in {FILE_NAME} differs{_meaning(section)}")
    if "taxonomy" in before and before["taxonomy"] != after.get("taxonomy"):
        yield Cause("taxonomy", f"taxonomy {after.get('taxonomy')}, was {before['taxonomy']}")
    was, now = before.get("versions", {}), after.get("versions", {})
    if was.get(OWN) != now.get(OWN):
        yield Cause("code", f"postmortem {now.get(OWN)}, was {was.get(OWN)}: methods may differ")
    elif "code" in before and before["code"] != after.get("code"):
        yield Cause("code", f"another state of the code of postmortem {now.get(OWN)}: methods may differ")
    for name in sorted({*was, *now} - {OWN}):
        if was.get(name) != now.get(name):
            yield Cause("library", f"{name} {now.get(name)}, was {was.get(name)}")
    was, now = before.get("provenance", {}), after.get("provenance", {})
    for field in sorted({*was, *now}):
        if was.get(field) != now.get(field):
            yield Cause("source", f"{field} comes from {now.get(field)}, was {was.get(field)}")


def _inputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Cause]:
    # Settings are compared one by one where both editions kept them: a comment in the file changes no figure.
    passed_over = {FILE_NAME} if "settings" in before and "settings" in after else set()
    was, now = ({each["file"]: each["sha256"] for each in told.get("inputs", [])} for told in (before, after))
    for file in sorted({*was, *now} - passed_over):
        if was.get(file) != now.get(file):
            verb = "is new" if file not in was else "is gone" if file not in now else "has other content"
            yield Cause("input", f"{file} {verb}")


def _meaning(section: str) -> str:
    meanings = {"tables": ": columns or values are mapped otherwise", "taxonomy": ": reasons are mapped otherwise"}
    return meanings.get(section, "")


def _joined(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
