"""Where text becomes Markdown that people fill in: templates of the engagement first, then those that are bundled.

A template may be the user's own, so it runs in a sandbox; what a CRM holds is escaped and stays on its line.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from postmortem.ground import resources
from postmortem.ground.errors import ConfigError

FOLDER: Final = "templates/fieldwork"
_SPECIAL = re.compile(r"([\\`*\[\]<>|#])")


def worksheet(template: str, engagement: Path, **values: Any) -> str:
    """Render one template of ``templates/fieldwork``, the engagement's own where it has one.

    Parameters
    ----------
    template : str
        Name of the file.
    engagement : Path
        Folder of the engagement.
    **values : object
        What the template may name. Text is written as one line of plain Markdown; the filter ``verbatim`` leaves a
        code of ours as it is.

    Raises
    ------
    ConfigError
        When the template cannot be used, with file and line.
    """
    own = engagement / FOLDER
    environment = SandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(own), FileSystemLoader(resources.templates("fieldwork"))]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=_plain,
    )
    environment.filters["verbatim"] = Verbatim
    try:
        return environment.get_template(template).render(**values)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise ConfigError(
            f"The template {FOLDER}/{template} cannot be used.",
            got=f"{error.message}{f' (line {line})' if line else ''}",
            do=f"correct it, or take it out of {FOLDER} of the engagement to use the bundled one",
        ) from None


class Verbatim(str):
    """Text that is written as it is."""


def one_line(text: object) -> str:
    """Return text as one line without control, direction or other invisible characters."""
    line = "".join(" " if mark.isspace() else mark for mark in str(text))
    return " ".join("".join(mark for mark in line if unicodedata.category(mark)[0] != "C").split())


def _plain(value: object) -> object:
    """Escape a value for Markdown; numbers and texts marked verbatim stay."""
    if isinstance(value, str) and not isinstance(value, Verbatim):
        return _SPECIAL.sub(r"\\\1", one_line(value))
    return value
