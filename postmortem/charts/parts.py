"""How the parts of a whole look: fates as everywhere, other words in one hue from dark to light, with hatches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from postmortem.charts import style
from postmortem.charts.lettering import safe_text

TONES = (
    ("#22384D", "", style.PAPER), ("#587A9C", "////", "#9BB5CE"), ("#9DB5CC", "", style.PAPER),
    ("#C9D6E3", "\\\\\\\\", "#93AAC1"), ("#E8EDF2", "xxxx", "#B4C2D0"),
)  # fmt: skip


def looks(parts: Sequence[str], labels: Mapping[str, str]) -> list[style.Fate]:
    """Return how each part is shown, one look a part in the order given.

    Parameters
    ----------
    parts : sequence of str
        Fates or other words; an empty one is withheld.
    labels : mapping of str to str
        Plain words for parts that are no fates.
    """
    found: list[style.Fate] = []
    tones = 0
    for part in parts:
        fate = style.fate_of(part or None)
        if fate is style.PLAIN:
            colour, hatch, hatch_colour = TONES[tones % len(TONES)]
            tones += 1
            fate = replace(fate, colour=colour, hatch=hatch, hatch_colour=hatch_colour, label=part)
        found.append(replace(fate, label=safe_text(labels.get(part, fate.label))))
    return found
