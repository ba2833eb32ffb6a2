"""How often the codes suggested for loss notes are right, on the invented notes of `tests/notes`.

``python -m benchmarks notes`` prints the page, with ``--write`` it becomes docs/notes.md and the figures that
the analysis quotes. Without ``--held-out`` or ``--write`` only the two thirds used for tuning are scored.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from postmortem.notes import NoteWords, Reader, load_words, suggest
from postmortem.notes.phrases import Phrase
from postmortem.notes.words import SHIPPED
from postmortem.stats.proportions import wilson
from postmortem.taxonomies import Taxonomy, fold, load_taxonomy

REPOSITORY = Path(__file__).resolve().parents[1]
NOTES = REPOSITORY / "tests" / "notes" / "notes.csv"
PAGE = REPOSITORY / "docs" / "notes.md"
MEASURED = SHIPPED / "measured" / "red_zone.toml"
INTRODUCTION = """# Suggested codes for loss notes: how often they are right

Written by `python -m benchmarks notes --write`; change nothing by hand. **The notes are invented.** {notes} short notes
were written and labelled for this page (`tests/notes/notes.csv`), in the way sales people write: misspelt, abbreviated,
ironic, with reasons denied, several reasons, none, names of customers and competitors, and a few in German or French.
They were committed before a line of rules existed. Rules were tuned on two thirds; the other third, drawn at random
within each kind, was scored once, and no rule was changed after that.

**That third is no independent test.** One and the same hand wrote notes, labels and rules within an hour, and phrases
that it remembered from the held-out notes are among the rules. So a second figure stands beside the first: the rules
without every phrase that no tuning note holds (synonyms of the taxonomy stay). Phrases that are good but rare go with
them. The first is the upper end, the second nearer to what notes of a real CRM will give: the tool quotes the second.
Check twenty notes of your own before relying on a suggestion.

A suggestion is right when the label holds its code. Precision is over suggestions made, recall over codes in labels;
intervals are 95% Wilson, which take codes as independent although a note may hold several. The reader abstains where no
code reaches the threshold of {threshold:g}. Word file: red_zone {version}.
"""
SCOPE = """
## What it does not do

It reads English only; other languages are mostly left alone. It does not recognise irony. A negation denies what begins
within {reach} words behind it in its clause; a denial ("was fine") denies what ends as near before it; a sentence about
another customer is set aside up to the next "here". A competitor's name alone is no loss to it. A name that may be
customer and competitor is neither. Suggestions are shown beside the notes and written nowhere: no rating of a sales
person, manager, analyst or buyer is made or changed. Words and patterns lie in
`postmortem/taxonomies/note_words/red_zone.toml`. Whoever changes them after this page was written needs new notes to
measure them by: these are spent.
"""
KINDS = """
## The third held out, by how the notes are written

| kind | notes | codes right | suggested | in labels |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Score:
    """What was counted on some notes: right, made and wanted, of codes, of parties and of competitors."""

    notes: int
    abstained: int
    silent: int
    silent_kept: int
    codes: tuple[int, int, int]
    lost_to: tuple[int, int, int]
    competitor: tuple[int, int, int]


def load_notes() -> pd.DataFrame:
    """Return the invented notes, one row each, every column text."""
    return pd.read_csv(NOTES, keep_default_na=False, dtype="str")


def score(notes: pd.DataFrame, words: NoteWords, taxonomy: Taxonomy, rivals: Sequence[str]) -> Score:
    """Count what is suggested on these notes against their labels."""
    reader = Reader(words, rivals)
    texts = zip(notes["note"], notes["account"], strict=True)
    made = [suggest(note, reader, taxonomy, account=account) for note, account in texts]
    codes = [{each.code for each in suggestion.codes} for suggestion in made]
    wanted = [set(text.split(";")) - {""} for text in notes["codes"]]
    parties = [{suggestion.lost_to} if suggestion.lost_to else set() for suggestion in made]
    takers = [{suggestion.competitor} if suggestion.competitor else set() for suggestion in made]
    return Score(
        notes=len(notes),
        abstained=sum(not each for each in codes),
        silent=sum(not each for each in wanted),
        silent_kept=sum(not want and not got for want, got in zip(wanted, codes, strict=True)),
        codes=_counts(codes, wanted),
        lost_to=_counts(parties, [{text} - {""} for text in notes["lost_to"]]),
        competitor=_counts(takers, [{text} - {""} for text in notes["competitor"]]),
    )


def page(held_out: bool = True) -> tuple[str, str]:
    """Return the page and the figures to quote, as Markdown and TOML."""
    taxonomy = load_taxonomy("red_zone")
    words, notes = load_words(taxonomy), load_notes()
    rivals = sorted(set(notes["competitor"]) - {""})
    aside = notes["held_out"] == "yes"
    tuned = score(notes[~aside], words, taxonomy, rivals)
    text = INTRODUCTION.format(notes=len(notes), threshold=words.threshold, version=words.version)
    if held_out:
        kept = score(notes[aside], words, taxonomy, rivals)
        lower = score(notes[aside], earned(words, notes[~aside], taxonomy, rivals), taxonomy, rivals)
        plain = score(notes[aside], synonyms_alone(words, taxonomy), taxonomy, rivals)
        text += _table("The third held out, scored once", kept)
        text += _table("The same third by the phrases that tuning notes hold", lower)
        text += _table("The same third by the taxonomy's synonyms alone", plain)
    text += _table("The two thirds the rules were tuned on", tuned)
    if not held_out:
        return text, ""
    text += _by_kind(notes[aside], words, taxonomy, rivals)
    return text + SCOPE.format(reach=int(words.reach)), _quoted(lower, words)


def earned(words: NoteWords, notes: pd.DataFrame, taxonomy: Taxonomy, rivals: Sequence[str]) -> NoteWords:
    """Return the words without every phrase that none of these notes holds; the taxonomy's synonyms stay."""
    reader = Reader(words, rivals)
    texts = [
        clause.text
        for note, account in zip(notes["note"], notes["account"], strict=True)
        for clause in reader.clauses(note, account)
    ]
    synonyms = {fold(text) for code in taxonomy.assignable for text in taxonomy.reason(code).synonyms}

    def kept(phrases: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
        return tuple(each for each in phrases if each.text in synonyms or any(map(each.pattern.search, texts)))

    return replace(
        words,
        codes={code: kept(phrases) for code, phrases in words.codes.items()},
        lost_to={party: kept(phrases) for party, phrases in words.lost_to.items()},
        denials=kept(words.denials),
        elsewhere=kept(words.elsewhere),
    )


def synonyms_alone(words: NoteWords, taxonomy: Taxonomy) -> NoteWords:
    """Return words that hold the taxonomy's synonyms only, each enough for a suggestion, nothing denied."""
    codes = {
        code: tuple(Phrase(fold(text), 1.0) for text in taxonomy.reason(code).synonyms) for code in taxonomy.assignable
    }
    return NoteWords(
        words.version, words.threshold, words.reach, 1.0, codes, {}, (), (),
        frozenset(), frozenset(), frozenset(), frozenset(), {},
    )  # fmt: skip


def main(arguments: Sequence[str] = ()) -> None:
    """Print the page, or write it with ``--write``."""
    parser = argparse.ArgumentParser(prog="notes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--held-out", action="store_true", help="score the third held out as well")
    parser.add_argument("--write", action="store_true", help="write docs/notes.md and the figures that are quoted")
    options = parser.parse_args(list(arguments))
    text, quoted = page(held_out=options.held_out or options.write)
    if not options.write:
        print(text)
        return
    PAGE.write_text(text, encoding="utf-8")
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(quoted, encoding="utf-8")


def _counts(made: Sequence[set[str]], wanted: Sequence[set[str]]) -> tuple[int, int, int]:
    right = sum(len(got & want) for got, want in zip(made, wanted, strict=True))
    return right, sum(map(len, made)), sum(map(len, wanted))


def _table(title: str, counted: Score) -> str:
    rows = [
        ("codes: precision", counted.codes[0], counted.codes[1]),
        ("codes: recall", counted.codes[0], counted.codes[2]),
        ("no code suggested (abstained)", counted.abstained, counted.notes),
        ("abstained where the note gives no reason", counted.silent_kept, counted.silent),
        ("to whom: precision", counted.lost_to[0], counted.lost_to[1]),
        ("to whom: recall", counted.lost_to[0], counted.lost_to[2]),
        ("competitor that took it: precision", counted.competitor[0], counted.competitor[1]),
        ("competitor that took it: recall", counted.competitor[0], counted.competitor[2]),
    ]
    lines = [f"| {what} | {events} of {n} | {_share(events, n)} |" for what, events, n in rows]
    head = f"\n## {title}\n\n{counted.notes} notes.\n\n| what | counted | share and 95% interval |\n|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def _share(events: int, n: int) -> str:
    if not n:
        return "none"
    share = wilson(events, n, least_n=1)
    return f"{share.estimate:.2f} ({share.low:.2f} to {share.high:.2f})"


def _by_kind(notes: pd.DataFrame, words: NoteWords, taxonomy: Taxonomy, rivals: Sequence[str]) -> str:
    lines = []
    for kind, of_kind in notes.groupby("kind", sort=True):
        right, made, wanted = score(of_kind, words, taxonomy, rivals).codes
        lines.append(f"| {str(kind).replace('_', ' ')} | {len(of_kind)} | {right} | {made} | {wanted} |")
    return KINDS + "\n".join(lines) + "\n"


def _quoted(kept: Score, words: NoteWords) -> str:
    right, made, wanted = kept.codes
    figures: Mapping[str, int] = {
        "notes": kept.notes, "abstained": kept.abstained, "right": right, "made": made, "wanted": wanted,
    }  # fmt: skip
    text = (
        "# Written by `python -m benchmarks notes --write`: what was counted on the invented notes held out,\n"
        "# read by the phrases that tuning notes hold.\n"
    )
    text += f'version = "{words.version}"\n' + "".join(f"{name} = {value}\n" for name, value in figures.items())
    tomllib.loads(text)
    return text


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
