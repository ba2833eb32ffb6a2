"""How figures are written for people, in headlines, labels and tables alike.

Nothing here is more precise than a reader can use: shares are whole per cents, money has two figures that
matter, and a small share is never written as none. A missing value reads ``unknown``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "unknown"
MINUS = "\N{MINUS SIGN}"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
SCALES = (("", 1), ("k", 10**3), ("M", 10**6), ("B", 10**9), ("T", 10**12))
# Shares and parts are written in per cent; a part of a whole (of all losses, say) may lie below none, a share may not.
PER_CENT = ("share", "part")
# A noun written with an interval or a value of that unit.
NOUNS = {"days": "day", "quarters": "quarter", "points": "point"}


def is_known(value: float | None) -> bool:
    """Whether `value` is a finite number; None, NaN, NA and infinities are not."""
    try:
        return value is not None and math.isfinite(value)
    except TypeError:
        return False


def short_money(value: float | None, currency: str = "") -> str:
    """Return an amount as ``$1.2M``, ``€340k``, ``CHF 12k`` or, without a currency, ``1.2M``.

    Parameters
    ----------
    value : float or None
        Amount in units of the currency; missing gives ``unknown``.
    currency : str
        ISO 4217 code, or empty.
    """
    if value is None or not is_known(value):
        return UNKNOWN
    code = currency.strip().upper()
    mark = SYMBOLS.get(code, f"{code} " if code else "")
    sign = MINUS if value < 0 else ""
    digits = _scaled(abs(_decimal(value)))
    if digits == "0" and value != 0:
        return f"under {mark}1"
    return f"{mark}{sign}{digits}" if mark.endswith(" ") else f"{sign}{mark}{digits}"


def per_cent(share: float | None) -> str:
    """Return a share (0 to 1) in whole per cents: ``37%``; ``<1%`` and ``>99%`` short of none and all."""
    if share is None or not is_known(share):
        return UNKNOWN
    rounded = _whole(abs(_decimal(share)) * 100)
    sign = MINUS if share < 0 else ""
    if rounded == 0 and share != 0:
        return f"{sign}<1%"
    if rounded == 100 and abs(share) < 1:
        return f"{sign}>99%"
    return f"{sign if rounded else ''}{rounded}%"


def points(difference: float | None) -> str:
    """Return a difference of two shares (0.12) as ``+12 points``; ``under 1 point`` short of none."""
    if difference is None or not is_known(difference):
        return UNKNOWN
    rounded = _whole(abs(_decimal(difference)) * 100)
    if rounded == 0:
        return "0 points" if difference == 0 else "under 1 point"
    return f"{MINUS if difference < 0 else '+'}{_of(rounded, 'point')}"


def count(n: float | None, noun: str, several: str = "") -> str:
    """Return a number of things: ``1 deal``, ``1,204 deals``; a missing one is left unstated.

    Parameters
    ----------
    n : float or None
        Whole number.
    noun : str
        What is counted, in the singular.
    several : str
        Its plural where `plural` would get it wrong.
    """
    if n is None or not is_known(n):
        return f"an unstated number of {several or plural(noun)}"
    return _of(int(n), noun, several)


def plural(noun: str) -> str:
    """Return the plural of a noun that forms it by -s, -es or -ies."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def value_text(value: float | None, unit: str = "") -> str:
    """Return a value in its unit, the units being those of a result's columns.

    Parameters
    ----------
    value : float or None
        Missing gives ``unknown``.
    unit : str
        ``share``, ``part``, ``points``, ``days``, ``quarters``, a currency code, or empty for a bare number.
    """
    if value is None or not is_known(value):
        return UNKNOWN
    if unit in PER_CENT:
        return per_cent(value)
    if unit == "points":
        return points(value)
    if unit in NOUNS:
        number = _bare(value)
        return f"{number} {NOUNS[unit] if number == '1' else unit}"
    return short_money(value, unit) if unit else _bare(value)


def interval_text(low: float | None, high: float | None, unit: str = "share") -> str:
    """Return an interval in its unit: ``31–44%``, ``−5 to 12 points``, ``$1.2M–$3.4M``, ``12–30 days``.

    Bounds are rounded like the values they stand beside; two that round alike are written once. A bound of a
    difference that rounds to none keeps its sign: ``−0.1 to 8 points``.
    """
    if low is None or high is None or not (is_known(low) and is_known(high)):
        return UNKNOWN
    write, tail = _bound(unit)
    first, last = write(low), write(high)
    if first == last:
        return f"{first}{tail.removesuffix('s') if first == '1' else tail}"
    joint = " to " if MINUS in first + last else "–"
    return f"{first}{joint}{last}{tail}"


def _bound(unit: str) -> tuple[Callable[[float], str], str]:
    if unit in PER_CENT:
        return _hundredths, "%"
    if unit == "points":
        return _near_none, " points"
    if unit in NOUNS:
        return _bare, f" {unit}"
    return (lambda value: short_money(value, unit)) if unit else _bare, ""


def _hundredths(share: float) -> str:
    rounded = _whole(abs(_decimal(share)) * 100)
    return f"{MINUS if share < 0 and rounded else ''}{rounded}"


def _near_none(share: float) -> str:
    """Return hundredths; what rounds to none and is not is a tenth at least, for on which side it lies matters."""
    text, points = _hundredths(share), round(share * 100, 9)
    return _bare(math.copysign(max(abs(points), 0.1), points)) if text == "0" and points else text


def _bare(value: float) -> str:
    size = abs(_decimal(value))
    places = Decimal(1) if size >= 10 or size == size.to_integral_value() else Decimal("0.1")
    rounded = size.quantize(places, ROUND_HALF_UP)
    if rounded == 0 and size != 0:
        rounded = size.quantize(Decimal(1).scaleb(size.adjusted()), ROUND_HALF_UP)
    return f"{MINUS if value < 0 else ''}{_trimmed(rounded)}"


def _scaled(amount: Decimal) -> str:
    text = ""
    for suffix, size in SCALES:
        scaled = amount / size
        tenths = bool(suffix) and scaled < Decimal("9.95")
        rounded = scaled.quantize(Decimal("0.1") if tenths else Decimal(1), ROUND_HALF_UP)
        text = _trimmed(rounded) + suffix
        if rounded < 1000:
            break
    return text


def _trimmed(number: Decimal) -> str:
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(value: float) -> Decimal:
    # Through the shortest text of the float, so that 0.345 rounds as it is written.
    return Decimal(repr(float(value)))


def _whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _of(n: int, noun: str, several: str = "") -> str:
    return f"{n:,} {noun if n == 1 else several or plural(noun)}"
