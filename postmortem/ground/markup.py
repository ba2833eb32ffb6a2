"""The one place where text becomes HTML: one autoescaping Jinja environment.

Every page, table and notebook display goes through `environment`, so a customer called ``<script>`` is
shown, never run. Markdown is rendered with raw HTML switched off.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from postmortem.ground import resources

UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Letters that no XML file can hold."""


# From one number to another: "12 to 30", "(3–9%)", "$1.2M–$3.4M".
_NUMBER: Final = r"[−$€£]?\d[\d.,]{0,15}[%A-Za-z]{0,3}"
RANGE: Final = re.compile(rf"(\(?{_NUMBER}(?:–| to ){_NUMBER}\)?)")


@cache
def environment() -> Environment:
    """Return the Jinja environment over ``templates/report``: autoescape on, undefined names an error."""
    made = Environment(
        loader=FileSystemLoader(resources.templates("report")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["css_text"] = css_text
    made.globals["breakable"] = breakable
    return made


def render(template: str, **values: Any) -> Markup:
    """Render one template of ``templates/report`` with everything escaped."""
    return Markup(environment().get_template(template).render(**values))


def breakable(text: str) -> Markup:
    """Write the text of a cell so that names break after an underscore, and a range of numbers nowhere.

    By markup alone, so that what is copied is the text.
    """
    after_names = Markup("_<wbr>")
    parts = [after_names.join(part.split("_")) for part in RANGE.split(text)]
    # Every other part is a range.
    parts[1::2] = [Markup('<span class="whole">{}</span>').format(part) for part in parts[1::2]]
    return Markup("").join(parts)


def css_text(text: str) -> Markup:
    """Write any text as a CSS string: every character as its number, so that none can end the string."""
    return Markup('"{}"').format(Markup("".join(f"\\{ord(character):x} " for character in text)))


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "link", "autolink"])


def markdown(text: str) -> Markup:
    """Render Markdown with raw HTML, links and images switched off: what a page may carry."""
    return Markup(_markdown().render(text))
