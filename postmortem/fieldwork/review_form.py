"""The form of a deal review: its columns, what may stand in them, and the words around them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from postmortem.ground import resources, schema
from postmortem.ground.errors import ConfigError
from postmortem.intake.folding import fold
from postmortem.taxonomies import Taxonomy

VERSION: Final = "1"
"""Changes with the columns: a sheet of another version is refused."""

FILE: Final = "deal-review.toml"
CAUSES: Final = (
    "not_an_opportunity", "not_qualified_continuously", "no_trust_in_delivery", "true_buyer_not_engaged",
    "risk_not_understood", "needs_not_uncovered",
)  # fmt: skip
TOLD: Final = ("number", "deal_id", "account", "deal", "outcome", "amount", "segment")
LOST_ONLY: Final = ("lost_to", "primary", "contributing", "words")
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "answers": ("yes", "no", schema.UNKNOWN), "lost_to": schema.LOST_TO, "lost_to_meaning": schema.LOST_TO,
    "heads": (*TOLD, "evidence", *LOST_ONLY), "comments": ("answer", "evidence", *LOST_ONLY),
}  # fmt: skip
Kind = Literal["told", "answer", "evidence", "lost_to", "primary", "contributing", "words"]


@dataclass(frozen=True)
class Question:
    """One column of the sheet.

    Attributes
    ----------
    kind : Kind
        What belongs in it; ``told`` is filled in by us.
    name : str
        Its name here; of answers and evidence the code of the cause.
    head, comment : str
        What people read above it, and what the head says on demand.
    """

    kind: Kind
    name: str
    head: str
    comment: str = ""


@dataclass(frozen=True)
class Form:
    """The words of the form under one taxonomy."""

    words: Mapping[str, Any]
    taxonomy: Taxonomy

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The columns in order."""
        heads, comments = self.words["heads"], self.words["comments"]
        told = [Question("told", name, heads[name]) for name in TOLD]
        asked = []
        for code in self.causes:
            reason = self.taxonomy.reason(code)
            meaning = comments["answer"].replace("{definition}", reason.definition)
            asked.append(Question("answer", code, f"{reason.label}?", meaning))
            asked.append(Question("evidence", code, f"{reason.label}: {heads['evidence']}", comments["evidence"]))
        last: list[Question] = [
            Question("lost_to", "lost_to", heads["lost_to"], comments["lost_to"]),
            Question("primary", "primary", heads["primary"], comments["primary"]),
            Question("contributing", "contributing", heads["contributing"], comments["contributing"]),
            Question("words", "words", heads["words"], comments["words"]),
        ]
        return (*told, *asked, *last)

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes asked about: those of the six that the taxonomy knows."""
        return tuple(code for code in CAUSES if code in self.taxonomy.assignable)

    @cached_property
    def reasons(self) -> dict[str, str]:
        """Code to what people choose: the label, with the code where two labels read alike."""
        labels = {code: self.taxonomy.reason(code).label for code in self.taxonomy.assignable}
        folded = [fold(label) for label in labels.values()]
        return {c: label if folded.count(fold(label)) == 1 else f"{label} ({c})" for c, label in labels.items()}

    def choices(self, kind: Kind) -> dict[str, str]:
        """Return code to what people choose in a column of this kind; empty where they write freely."""
        if kind in ("primary", "contributing"):
            return self.reasons
        found: dict[str, str] = {"answer": self.words["answers"], "lost_to": self.words["lost_to"]}.get(kind, {})
        return found

    def code_of(self, kind: Kind, text: str) -> str | None:
        """Return the code of what somebody chose or typed, without regard to case and spacing; None for no choice."""
        wanted = fold(text.replace("’", "'"))
        for code, label in self.choices(kind).items():
            if wanted in (fold(label.replace("’", "'")), fold(code)):
                return code
        return None


def read_form(engagement: Path, taxonomy: Taxonomy) -> Form:
    """Read the words of the form: the engagement's own, else those that come with the package.

    Raises
    ------
    ConfigError
        When the file cannot be read, or a word is missing from it.
    """
    own = engagement / "templates" / "fieldwork" / FILE
    file = own if own.is_file() else resources.templates("fieldwork") / FILE
    try:
        words = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The words of the deal review cannot be read: {FILE}.", got=str(error)) from None
    lacking = [name for name in ("title", "hindsight") if not isinstance(words.get(name), str)]
    lacking += [] if isinstance(words.get("how_to"), list) else ["how_to"]
    for section, names in SECTIONS.items():
        there = words.get(section, {})
        lacking += [f"[{section}] {name}" for name in names if not isinstance(there.get(name), str)]
    if lacking:
        raise ConfigError(
            f"Words of the deal review are missing from {FILE}.",
            rows=lacking,
            do="copy the file of the package again and change its texts alone",
        )
    return Form(words, taxonomy)
