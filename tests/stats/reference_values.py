"""Read the numbers that R printed, from the file beside the script that made it."""

from __future__ import annotations

import re
from pathlib import Path

PRINTED = (Path(__file__).parent / "reference" / "stratified.txt").read_text(encoding="utf-8")
NUMBER = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"


def after(label: str, *, which: int = 0) -> list[float]:
    """Return the numbers on the rest of the line that holds `label`, or on the next line where it holds none."""
    found = [match.end() for match in re.finditer(re.escape(label), PRINTED)][which]
    for line in PRINTED[found:].splitlines():
        numbers = re.findall(NUMBER, line.replace("[1]", ""))
        if numbers:
            return [float(number) for number in numbers]
    raise LookupError(label)


def admissions() -> tuple[list[int], list[int], list[str]]:
    """Return the admissions at Berkeley, one entry an applicant: man, admitted, department."""
    man, admitted, department = [], [], []
    for name, *cells in re.findall(r"^([A-F]) (\d+) (\d+) (\d+) (\d+)\s*?$", PRINTED, re.MULTILINE):
        for (is_man, got_in), number in zip(((1, 1), (1, 0), (0, 1), (0, 0)), map(int, cells), strict=True):
            man += [is_man] * number
            admitted += [got_in] * number
            department += [name] * number
    return man, admitted, department


def hair_and_eyes() -> tuple[list[str], list[str]]:
    """Return hair and eye colour of the men in R's HairEyeColor, one entry a man."""
    hair, eyes = [], []
    for name, *cells in re.findall(r"^  (Black|Brown|Red  |Blond) +(\d+) +(\d+) +(\d+) +(\d+)$", PRINTED, re.MULTILINE):
        for colour, number in zip(("brown", "blue", "hazel", "green"), map(int, cells), strict=True):
            hair += [name.strip()] * number
            eyes += [colour] * number
    return hair, eyes
