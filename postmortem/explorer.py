"""Ask one question after another of a frame in JupyterLab: quarter, window, analysis, grouping, and its result.

Named so that `postmortem.explore` stays the function and is not hidden by a module of that name.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from postmortem.analyses import ANALYSES, Analysis, find
from postmortem.analyses.cache import cached
from postmortem.charts.images import to_png
from postmortem.charts.style import new_figure, theme
from postmortem.frames.cohort import QUARTERS_BACK, Cohort
from postmortem.frames.engagement import Engagement, nearest_engagement
from postmortem.ground import resources
from postmortem.ground.errors import PostmortemError, UsageError
from postmortem.result import Result

ONE_DEAL: Final = "deal_id"
FIRST: Final = "quarter_outcome"
PICTURE: Final = (8.0, 4.0, "760px")
LABELS: Final = {"by": "Grouping", "measure": "What is counted", "split": "Compared", "deals": "Deals", "fate": "Fate"}
FIXED = "The settings of the engagement do not give this frame: its quarter and window stay as they are."
WORKING = "working …"


def explore(frame: Cohort, *, folder: str | None = None) -> Explorer:
    """Show the answers of a frame by choosing: quarter, window, analysis, and what else the analysis lets choose.

    Parameters
    ----------
    frame : Cohort
        As `load_frame` returns it: the first quarter and window shown. A frame made otherwise keeps both.
    folder : str, optional
        The engagement the frame was loaded from; as in `load_frame`.

    Returns
    -------
    Explorer
        Shows itself in JupyterLab; what it shows last is its `result`, the same that the function returns.

    Raises
    ------
    UsageError
        When ipywidgets is not installed.
    """
    if find_spec("ipywidgets") is None:
        raise UsageError(
            "Exploring needs ipywidgets, which is not installed.",
            do='install it with: pip install "deal-postmortem[lab]"',
        )  # fmt: skip
    return Explorer(frame, _engagement_of(frame, folder))


def choices_of(analysis: Analysis) -> dict[str, tuple[str, ...]]:
    """Return what an analysis lets choose: keyword to its values, the one it takes unless told first."""
    hints, made = get_type_hints(analysis.function), {}
    for name, parameter in inspect.signature(analysis.function).parameters.items():
        if get_origin(hints.get(name)) is Literal:
            values = [str(value) for value in get_args(hints[name])]
            first = [value for value in values if value == parameter.default]
            made[name] = (*first, *(value for value in values if value not in first))
    return made


class Explorer:
    """Controls and the result they lead to.

    Parameters
    ----------
    frame : Cohort
        What is shown first.
    engagement : Engagement or None
        Where frames of other quarters and windows come from; None keeps those of `frame`.

    Attributes
    ----------
    quarter, window, analysis : widget
        What is asked; `choices` holds a widget a keyword of the analysis.
    result : Result or None
        What is shown; None where the question was refused with an error, whose message is shown.
    widget : widget
        All of it.
    """

    def __init__(self, frame: Cohort, engagement: Engagement | None) -> None:
        import ipywidgets as widgets

        self._widgets, self._frame, self._engagement = widgets, frame, engagement
        self._frames: dict[tuple[str, int], Cohort] = {(frame.focus.label, len(frame.window)): frame}
        self.result: Result | None = None
        self.choices: Mapping[str, Any] = {}
        fixed, wide = engagement is None, {"style": {"description_width": "9em"}, "layout": {"width": "46em"}}
        self.quarter = widgets.Dropdown(
            options=_quarters(frame, fixed), value=frame.focus.label, description="Quarter", disabled=fixed, **wide
        )
        self.window = widgets.IntSlider(
            value=len(frame.window), min=1, max=max(QUARTERS_BACK, len(frame.window)), disabled=fixed,
            continuous_update=False, description="Quarters pooled", **wide,
        )  # fmt: skip
        asked = [entry for entry in ANALYSES if frame.kind in entry.frames and ONE_DEAL not in _keywords(entry)]
        self.analysis = widgets.Dropdown(
            options=[(f"{entry.question} ({entry.name})", entry.name) for entry in asked],
            value=FIRST if FIRST in {entry.name for entry in asked} else asked[0].name, description="Question", **wide,
        )  # fmt: skip
        self._chosen = widgets.VBox()
        self._said = widgets.HTML()
        self._picture = widgets.Image(
            format="png", layout={"width": PICTURE[2], "max_width": "100%", "display": "none"}
        )
        note = [widgets.Label(FIXED)] if fixed else []
        self.widget = widgets.VBox(
            [self.analysis, self._chosen, self.quarter, self.window, *note, self._said, self._picture]
        )
        self._offer()
        for control in (self.quarter, self.window):
            control.observe(lambda change: self._ask(), names="value")
        self.analysis.observe(lambda change: self._offer(), names="value")

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)

    def _offer(self) -> None:
        """Offer what the analysis lets choose, and ask it."""
        wide = {"style": {"description_width": "9em"}, "layout": {"width": "46em"}}
        self.choices = {
            name: self._widgets.Dropdown(
                options=[(value.replace("_", " "), value) for value in values], value=values[0],
                description=LABELS.get(name, name.capitalize()), **wide,
            )
            for name, values in choices_of(find(self.analysis.value)).items()
        }  # fmt: skip
        for control in self.choices.values():
            control.observe(lambda change: self._ask(), names="value")
        self._chosen.children = tuple(self.choices.values())
        self._ask()

    def _ask(self) -> None:
        """Ask what is chosen and show the answer, or why there is none."""
        self._said.value, self._picture.layout.display = WORKING, "none"
        params = {name: control.value for name, control in self.choices.items()}
        try:
            self.result = cached(self.analysis.value)(self._framed(), **params)
        except PostmortemError as error:
            self.result, self._said.value = None, _escaped(error.message)
            return
        self._said.value = self.result._repr_html_()
        if self.result.has_picture:
            self._picture.value = _drawn(self.result)
            self._picture.layout.display = ""

    def _framed(self) -> Cohort:
        """Return the frame of the quarter and window chosen, each made once."""
        key = (self.quarter.value, self.window.value)
        if key not in self._frames and self._engagement is not None:
            self._frames[key] = _again(self._engagement, self._frame, *key)
        return self._frames[key]


def _engagement_of(frame: Cohort, folder: str | None) -> Engagement | None:
    """Return the engagement whose settings give this very frame again; None where none does."""
    own = Path(folder) if folder else nearest_engagement(Path.cwd())
    try:
        engagement = Engagement.open(own or resources.sample("plain"))
        same = _again(engagement, frame, frame.focus.label, len(frame.window))
    except PostmortemError:
        return None
    return engagement if same.kind == frame.kind and same.table.equals(frame.table) else None


def _again(engagement: Engagement, frame: Cohort, quarter: str, window: int) -> Cohort:
    """Return a frame like this one of another quarter or window, from the book it holds."""
    made = engagement.frame(quarter, window=window, as_of=frame.as_of, book=frame.book)
    if made.kind == frame.kind:
        return made
    return engagement.frame(quarter, kind=frame.kind, window=window, as_of=frame.as_of, book=frame.book)


def _keywords(analysis: Analysis) -> tuple[str, ...]:
    return tuple(inspect.signature(analysis.function).parameters)[1:]


def _quarters(frame: Cohort, fixed: bool) -> list[str]:
    """Return the quarters that can be looked at, the latest one first."""
    if fixed:
        return [frame.focus.label]
    last = max(frame.focus, frame.focus.calendar.last_ended(frame.as_of), key=lambda quarter: quarter.ordinal)
    held, count = set(frame.table["quarter"].dropna()), last.ordinal - frame.focus.ordinal + QUARTERS_BACK
    return [each.label for each in reversed(last.trailing(count)) if frame.focus <= each or each.label in held]


def _drawn(result: Result) -> bytes:
    figure = new_figure(*PICTURE[:2])
    with theme():
        result.plot(figure.add_subplot())
    return to_png(figure)


def _escaped(message: str) -> str:
    from markupsafe import escape

    return f"<pre>{escape(message)}</pre>"
