"""A hash over the package's own code, so that nothing computed by other code is ever taken from a cache."""

from __future__ import annotations

import hashlib
from functools import cache

from postmortem.ground.resources import PACKAGE


@cache
def code_hash() -> str:
    """Return a hash over every module and taxonomy of the package, read once a process."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml")]):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
