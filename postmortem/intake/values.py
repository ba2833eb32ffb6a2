"""One cell of text to a value: money, numbers, shares, flags. What cannot be read is said, never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from postmortem.intake.dates import Unreadable

TRUE: Final = frozenset({"true", "t", "yes", "y", "1", "x", "checked", "on"})
FALSE: Final = frozenset({"false", "f", "no", "n", "0", "unchecked", "off"})
SYMBOLS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₺": "TRY", "₴": "UAH"}
NOT_FINITE: Final = frozenset({"nan", "inf", "infinity", "+inf", "-inf", "+infinity", "-infinity"})

_CODE = re.compile(r"^([A-Z]{3})\s*(?=[\d(+.,-])|(?<=[\d).])\s*([A-Z]{3})$")
_SIGN = re.compile(r"[$€£¥₹₩₺₴¤]|(?:US|C|A|NZ|HK|S|R)\$")
_POINT = re.compile(r"\d+(?:\.\d*)?|\.\d+|\d{1,3}(?:[, ']\d{2,3})*[, ']\d{3}(?:\.\d*)?")
_COMMA = re.compile(r"\d+(?:,\d*)?|,\d+|\d{1,3}(?:[. ']\d{2,3})*[. ']\d{3}(?:,\d*)?")
_EXPONENT = re.compile(r"\d+(?:[.,]\d+)?[eE][+-]?\d{1,3}")
_SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")


@dataclass(frozen=True)
class Parsed:
    """A column that was read.

    Attributes
    ----------
    values : Series
        What the cells say; missing where they are empty or cannot be read.
    why : Series of str
        Why a cell cannot be read ("is no number"); missing where it can.
    """

    values: pd.Series[Any]
    why: pd.Series[str]

    @property
    def unreadable(self) -> int:
        """How many cells cannot be read."""
        return int(self.why.notna().sum())


def parse(cells: pd.Series[str], reader: Callable[[str], Any], dtype: str) -> Parsed:
    """Read a column cell by cell, each distinct text once.

    Parameters
    ----------
    cells : Series of str
        Text; missing cells stay missing.
    reader : callable
        Takes a text and returns a value, or raises `Unreadable`.
    dtype : str
        Dtype of the result; ``datetime64`` dtypes take microseconds since 1970.
    """
    codes, distinct = pd.factorize(cells)
    values: list[Any] = []
    faults: list[str | None] = []
    for text in distinct:
        try:
            values.append(reader(str(text)))
            faults.append(None)
        except Unreadable as error:
            values.append(None)
            faults.append(str(error))
    # Code -1 is a missing cell and takes the last entry.
    taken = _typed([*values, None], dtype).take(codes)
    why = pd.Series([*faults, None], dtype="str").take(codes)
    return Parsed(taken.set_axis(cells.index), why.set_axis(cells.index))


def _typed(values: list[Any], dtype: str) -> pd.Series[Any]:
    if not dtype.startswith("datetime64"):
        return pd.Series(values, dtype=dtype)
    stamps = np.array(["NaT" if value is None else value for value in values], dtype="datetime64[us]")
    return pd.Series(stamps).dt.tz_localize("UTC") if "UTC" in dtype else pd.Series(stamps)


def read_number(text: str, decimal: str = ".") -> float:
    """Read a number: ``1,234.50``, ``$1,234.50``, ``USD 1,200``, ``(1,200)``, ``1.234,50`` with a decimal comma.

    Parameters
    ----------
    text : str
        One cell.
    decimal : {".", ","}
        Decimal mark; the other one can only group thousands.
    """
    plain = _SPACES.sub(" ", text).strip()
    if plain.lower() in NOT_FINITE:
        raise Unreadable("is not a finite number")
    plain = _SIGN.sub("", _CODE.sub("", plain)).strip()
    negative = False
    if plain.startswith("(") and plain.endswith(")"):
        negative, plain = True, plain[1:-1].strip()
    if plain[:1] in ("-", "+", "−"):
        negative, plain = negative != (plain[0] != "+"), plain[1:].strip()
    written = (_COMMA if decimal == "," else _POINT).fullmatch(plain)
    if not written and not (_EXPONENT.fullmatch(plain) and ("." if decimal == "," else ",") not in plain):
        raise Unreadable(f"is no number with {decimal!r} as its decimal mark")
    grouping = ". '" if decimal == "," else ", '"
    number = float(plain.translate({ord(mark): None for mark in grouping}).replace(",", "."))
    if not math.isfinite(number):
        raise Unreadable("is not a finite number")
    return -number if negative else number


def read_money(text: str, decimal: str = ".") -> float:
    """Read an amount; a negative one cannot be the value of a deal."""
    number = read_number(text, decimal)
    if number < 0:
        raise Unreadable("is negative")
    return number


def read_share(text: str, decimal: str = ".", hundred: bool = False) -> float:
    """Read a probability, 0 to 1; ``45%`` always, and every number if `hundred`, counts in per cent."""
    per_cent = text.strip().endswith("%")
    number = read_number(text.strip().removesuffix("%"), decimal)
    share = number / 100 if per_cent or hundred else number
    if not 0 <= share <= 1:
        raise Unreadable(f"is not between 0 and {'100 per cent' if per_cent or hundred else '1'}")
    return share


def read_integer(text: str) -> int:
    """Read a whole number."""
    number = read_number(text)
    if not number.is_integer() or abs(number) > 2**53:
        raise Unreadable("is no whole number")
    return int(number)


def read_flag(text: str) -> bool:
    """Read yes or no."""
    word = text.strip().lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise Unreadable("is neither yes nor no")


def currency_in(text: str) -> str | None:
    """Return the currency an amount is written with: a code, or a symbol that only one currency has."""
    plain = _SPACES.sub(" ", text).strip()
    code = _CODE.search(plain)
    if code is not None:
        return code[1] or code[2]
    return next((name for symbol, name in SYMBOLS.items() if symbol in plain), None)
