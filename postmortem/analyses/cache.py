"""The result cache, in one place around `ANALYSES`: what one notebook computed, the next one reads.

The key is the analysis, its parameters, a hash of the cohort and a hash of the code. The store is a folder
of JSON files named by `POSTMORTEM_CACHE`; without it nothing is kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from postmortem.analyses import find
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import CACHE_VARIABLE
from postmortem.ground.code import code_hash
from postmortem.result import Result


def cached(name: str) -> Callable[..., Result]:
    """Return the analysis called `name` with the cache in front of it.

    The returned function has the signature and the docstring of the analysis.
    """
    analysis = find(name)
    function = analysis.function

    @functools.wraps(function)
    def ask(cohort: Cohort, **params: Any) -> Result:
        store = os.environ.get(CACHE_VARIABLE)
        if not store:
            return function(cohort, **params)
        place = Path(store) / "results" / f"{name}-{_key(name, cohort, params)}.json"
        kept = _read(place)
        if kept is not None:
            return analysis.restore(kept)
        result = function(cohort, **params)
        # A cache that cannot be written, the disk being full, costs time and no answer.
        with suppress(OSError):
            _write(place, json.dumps(result.to_dict(), allow_nan=False))
        return result

    return ask


def _key(name: str, cohort: Cohort, params: dict[str, Any]) -> str:
    asked = json.dumps([name, params, cohort.fingerprint, code_hash()], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def _read(place: Path) -> dict[str, Any] | None:
    """Return what is kept; None where there is nothing, or nothing more since another run pruned it."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return kept if isinstance(kept, dict) else None


def _write(place: Path, text: str) -> None:
    """Write whole or not at all, since another notebook may be reading."""
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=place.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(aside, place)
    finally:
        Path(aside).unlink(missing_ok=True)
