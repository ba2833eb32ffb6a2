"""A taxonomy of loss reasons: its codes, their hierarchy, and how it shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

from markupsafe import Markup

from postmortem.ground.errors import UsageError, nearest

LOST_TO = ("competitor", "status_quo", "disqualified", "unknown")
"""To whom a deal was lost: the second axis, independent of the reason."""

_CELL = Markup('<td style="text-align:left;vertical-align:top;white-space:normal">{}</td>')
_HEAD = Markup('<th scope="col" style="text-align:left">{}</th>')
_HEADING = Markup('<tr><th scope="rowgroup" colspan="6" style="text-align:left">{} – {}</th></tr>')
_NAME = Markup('<td style="text-align:left;vertical-align:top;padding-left:{}em">{}<br><code>{}</code></td>')
_COLUMNS = (
    "Reason",
    "Meaning",
    "Lost to, unless recorded",
    "First place to look",
    "Process step",
    "Question",
)


@dataclass(frozen=True)
class Reason:
    """One code of a taxonomy.

    Parameters
    ----------
    code : str
        Its name in data, in snake_case.
    label, definition : str
        What people read: a few words, and one or two sentences.
    parent : str, optional
        The code above it.
    lost_to : str, optional
        One of `LOST_TO`, where the definition itself answers to whom; None where it does not.
    ecosystem : str, optional
        The code of the `ecosystem` taxonomy at which to look first.
    remedy, interview_question : str
        The process step it points to, and what to ask the buyer.
    signals : tuple of str
        Names of detectors that may show it before the loss.
    defining : tuple of str
        Those of `signals` that are the reason by its own definition: one of them settles it. The others go with it
        and with much else; see `postmortem.signals.six`.
    synonyms : tuple of str
        Lower-case words and phrases people write for it.
    replaces : tuple of str
        Codes of earlier versions that it stands for now.
    group : bool
        A heading: it gathers codes and is never given to a deal.
    """

    code: str
    label: str
    definition: str
    parent: str | None = None
    lost_to: str | None = None
    ecosystem: str | None = None
    remedy: str = ""
    interview_question: str = ""
    signals: tuple[str, ...] = ()
    defining: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    group: bool = False


@dataclass(frozen=True)
class Taxonomy:
    """A versioned, hierarchical list of reasons.

    Parameters
    ----------
    id, version, title : str
        Its name in data, its version and what people read.
    reasons : tuple of Reason
        In the order of the file; inherited ones first.
    based_on : tuple of str
        ``id@version`` of the taxonomies it extends, nearest first.
    """

    id: str
    version: str
    title: str
    reasons: tuple[Reason, ...]
    based_on: tuple[str, ...] = ()

    @cached_property
    def _by_code(self) -> Mapping[str, Reason]:
        return {reason.code: reason for reason in self.reasons}

    @cached_property
    def _successors(self) -> Mapping[str, str]:
        return {old: reason.code for reason in self.reasons for old in reason.replaces}

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes, headings included."""
        return tuple(reason.code for reason in self.reasons)

    @property
    def assignable(self) -> tuple[str, ...]:
        """The codes a deal can be given: all but the headings."""
        return tuple(reason.code for reason in self.reasons if not reason.group)

    @property
    def roots(self) -> tuple[str, ...]:
        """The codes without a parent."""
        return tuple(reason.code for reason in self.reasons if reason.parent is None)

    @property
    def stamp(self) -> str:
        """What to store beside a code: ``follow_through@1.0+red_zone@1.0``."""
        return "+".join((f"{self.id}@{self.version}", *self.based_on))

    def reason(self, code: str) -> Reason:
        """Return the reason behind a live code.

        Raises
        ------
        UsageError
            If the taxonomy has no such code; it names the nearest one, or the one that replaced it.
        """
        if code in self._by_code:
            return self._by_code[code]
        if code in self._successors:
            hint = f"it is called {self._successors[code]!r} now (`current` follows such changes)"
        else:
            hint = nearest(code, self.codes)
        raise UsageError(f"taxonomy {self.stamp} has no code {code!r}", do=hint)

    def children(self, code: str) -> tuple[str, ...]:
        """Return the codes directly below `code`, in the order of the file."""
        above = self.reason(code).code
        return tuple(reason.code for reason in self.reasons if reason.parent == above)

    def root_of(self, code: str) -> str:
        """Return the topmost code above `code`, which may be `code` itself."""
        reason, seen = self.reason(code), {code}
        while reason.parent is not None:
            if reason.parent in seen:
                raise UsageError(f"code {code!r} lies in a circle of parents", got=reason.parent)
            seen.add(reason.parent)
            reason = self.reason(reason.parent)
        return reason.code

    def successor(self, code: str) -> str | None:
        """Return the live code that carries the meaning of `code`, None when there is none."""
        return code if code in self._by_code else self._successors.get(code)

    def current(self, code: str) -> str:
        """Return the live code that carries the meaning of `code`: itself, or the one that replaced it.

        Raises
        ------
        UsageError
            If the taxonomy never had such a code, with the nearest one.
        """
        return self.successor(code) or self.reason(code).code

    def walk(self) -> tuple[tuple[int, Reason], ...]:
        """Return (depth, reason) from the roots down; what no root leads to comes last, at depth 0."""
        below: dict[str | None, list[Reason]] = {}
        for reason in self.reasons:
            below.setdefault(reason.parent, []).append(reason)
        steps: list[tuple[int, Reason]] = []
        waiting = [(0, reason) for reason in reversed(below.get(None, []))]
        while waiting:
            depth, reason = waiting.pop()
            steps.append((depth, reason))
            waiting.extend((depth + 1, child) for child in reversed(below.get(reason.code, [])))
        reached = {reason.code for _, reason in steps}
        return (*steps, *((0, reason) for reason in self.reasons if reason.code not in reached))

    def to_dict(self) -> dict[str, object]:
        """Return the taxonomy as JSON-ready lists, strings, booleans and None."""
        reasons = [
            {name: list(item) if isinstance(item, tuple) else item for name, item in asdict(reason).items()}
            for reason in self.reasons
        ]
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "based_on": list(self.based_on),
            "reasons": reasons,
        }

    def _repr_html_(self) -> str:
        """Show a table grouped by heading; it takes its colours from the page around it."""
        head = Markup("").join(_HEAD.format(name) for name in _COLUMNS)
        rows = Markup("").join(self._row(depth, reason) for depth, reason in self.walk())
        return str(
            Markup("<table><caption>{} ({})</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(
                self.title, self.stamp, head, rows
            )
        )

    @staticmethod
    def _row(depth: int, reason: Reason) -> Markup:
        if reason.group:
            return _HEADING.format(reason.label, reason.definition)
        cells = (
            reason.definition,
            (reason.lost_to or "").replace("_", " "),
            (reason.ecosystem or "").replace("_", " "),
            reason.remedy,
            reason.interview_question,
        )
        name = _NAME.format(depth + 0.5, reason.label, reason.code)
        return Markup("<tr>{}{}</tr>").format(name, Markup("").join(_CELL.format(cell) for cell in cells))
