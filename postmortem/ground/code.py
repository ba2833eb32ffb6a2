"""What figures are computed by: the package's own code and the libraries; what others computed is in no cache."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import version

from postmortem.ground.resources import PACKAGE

VERSIONS_OF = ("deal-postmortem", "pandas", "numpy", "scipy", "statsmodels", "matplotlib", "papermill")


@cache
def code_hash() -> str:
    """Return a hash over every module and taxonomy of the package, read once a process."""
    digest = hashlib.sha256()
    for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.toml")]):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in VERSIONS_OF}}
