"""What an analysis may be asked with: the names of its keyword arguments, and the values that they list."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin, get_type_hints

from postmortem.ground.errors import UsageError, nearest
from postmortem.result import Result

# By what is written beside an argument, what it takes: numpy's numbers as well as Python's.
KINDS: Mapping[object, tuple[type, str]] = {
    int: (Integral, "a whole number"), float: (Real, "a number"), str: (str, "a text"),
}  # fmt: skip


@dataclass(frozen=True)
class Misasked:
    """One keyword argument that an analysis does not take, or not with this value.

    Attributes
    ----------
    what : str
        What is wrong, without a full stop.
    got : str
        The argument as it was given.
    expected, do : str
        What would be right, and the nearest to what was given.
    """

    what: str
    got: str
    expected: str
    do: str


def misasked(function: Callable[..., Any], asked: Mapping[str, Any]) -> list[Misasked]:
    """Return every argument that an analysis cannot be asked with.

    Parameters
    ----------
    function : callable
        Of the analysis: frame first, everything else keyword-only.
    asked : mapping
        Its keyword arguments.
    """
    if not asked:
        return []
    known, kinds = tuple(inspect.signature(function).parameters)[1:], get_type_hints(function)
    told = [_fault(function.__name__, known, kinds, name, value) for name, value in asked.items()]
    return [fault for fault in told if fault is not None]


def guarded(function: Callable[..., Result]) -> Callable[..., Result]:
    """Return an analysis that says what it takes where it is asked for something else.

    Raises
    ------
    UsageError
        From what is returned, with every such argument.
    """

    @functools.wraps(function)
    def ask(*frame: Any, **params: Any) -> Result:
        faults = misasked(function, params)
        if faults:
            raise UsageError(
                f"{faults[0].what}.",
                got=", ".join(fault.got for fault in faults),
                expected="; ".join(fault.expected for fault in faults),
                do="; ".join(dict.fromkeys(fault.do for fault in faults)),
            )
        return function(*frame, **params)

    return ask


def _fault(name: str, known: tuple[str, ...], kinds: Mapping[str, Any], argument: str, value: Any) -> Misasked | None:
    got = f"{argument}={value!r}"
    if argument not in known:
        expected = ", ".join(known) if known else "nothing beside the frame"
        hint = nearest(argument, known) if known else f"{name} is asked without any"
        return Misasked(f"{name} cannot be asked with {argument!r}", got, expected, hint)
    kind = kinds[argument]
    if get_origin(kind) is Literal:
        listed = [str(each) for each in get_args(kind)]
        if value in listed:
            return None
        return Misasked(
            f"{name} knows no {argument} {value!r}", got, f"{argument} one of {', '.join(listed)}",
            nearest(str(value), listed),
        )  # fmt: skip
    accepted, words = KINDS.get(kind, (object, ""))
    if isinstance(value, accepted) and not (isinstance(value, bool) and accepted in (Integral, Real)):
        return None
    return Misasked(
        f"{name} cannot be asked with {argument} {value!r}", got, f"{argument} as {words}",
        f"give {argument} as {words}",
    )  # fmt: skip
