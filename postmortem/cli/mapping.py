"""The command `taxonomy map`: decide what recorded loss reasons mean, at the terminal or from a file."""

from __future__ import annotations

import sys
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postmortem.cli.console import AsJson, emit, say
from postmortem.ground.errors import ConfigError

if TYPE_CHECKING:
    from postmortem.intake.decisions import OpenValue
    from postmortem.taxonomies import Taxonomy
    from postmortem.taxonomies.own_map import OwnTarget

SKIP, STOP = "", "q"


def map_reasons(
    folder: Annotated[
        Path | None, typer.Option("--engagement", "-e", help="Folder with postmortem.toml; the nearest one.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Answers as TOML or CSV, instead of questions.")] = None,
    change: Annotated[bool, typer.Option("--replace", help="Change decisions that were taken before.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide what the loss reasons mean that stand for no code; nothing is guessed."""
    from postmortem.frames.engagement import Engagement
    from postmortem.intake.decisions import checked, described, open_values, read_answers, write_decisions

    engagement = Engagement.open(folder)
    book, config = engagement.book(), engagement.config
    waiting = open_values(book, config)
    answers: dict[str, OwnTarget]
    if file is not None:
        answers = read_answers(file)
    elif not waiting:
        answers = {}
    elif sys.stdin.isatty() and not as_json:
        answers = _asked(waiting, book.taxonomy)
    else:
        raise ConfigError(
            f"{len(waiting)} loss reasons stand for no single code, and there is nobody to ask.",
            rows=[_line(each) for each in waiting],
            do="run it at a terminal, or with --file answers.csv (columns value, codes, lost_to)",
        )
    new = checked(answers, book, config, replace=change)
    if new:
        write_decisions(new, config)
    left = [each for each in waiting if each.value not in new] if new else waiting
    lines = [f"{_shown(value)}: {described(target, book.taxonomy)}" for value, target in new.items()]
    lines += [
        f"Wrote {len(new)} decisions to [taxonomy.reasons] of postmortem.toml." if new else "Nothing was written."
    ]
    lines += [f"{len(left)} still open: {', '.join(_shown(each.value) for each in left)}"] if left else []
    told = {
        "written": new,
        "open": [{"value": each.value, "deals": each.deals, "candidates": each.candidates} for each in left],
    }
    emit(told, "\n".join(lines), as_json)


def _asked(waiting: tuple[OpenValue, ...], taxonomy: Taxonomy) -> dict[str, OwnTarget]:
    """Ask value by value; what was decided before the end counts."""
    say(f"{len(waiting)} loss reasons stand for no single code. For each: a number, a code, or both and to whom")
    say("(`2 competitor`, `price_value`, `status_quo`); nothing skips it, q ends.")
    answers: dict[str, OwnTarget] = {}
    for place, each in enumerate(waiting, start=1):
        say("")
        say(f"{place}/{len(waiting)}  {_line(replace(each, candidates=()))}")
        for number, code in enumerate(each.candidates, start=1):
            say(f"  {number}  {code}: {taxonomy.reason(code).label}")
        while True:
            given = typer.prompt("  it means", default=SKIP, show_default=False, err=True).strip()
            if given in (SKIP, STOP):
                break
            target = _target(given, each, taxonomy)
            if target is not None:
                answers[each.value] = target
                break
        if given == STOP:
            break
    return answers


def _target(given: str, each: OpenValue, taxonomy: Taxonomy) -> OwnTarget | None:
    """Read an answer; None, and a word on why, where it means nothing."""
    from postmortem.taxonomies import LOST_TO

    codes: list[str] = []
    parties: list[str] = []
    for word in given.replace(",", " ").split():
        if word in LOST_TO:
            parties.append(word)
        elif word.isdecimal() and 0 < int(word) <= len(each.candidates):
            codes.append(each.candidates[int(word) - 1])
        elif word in taxonomy.assignable:
            codes.append(word)
        else:
            close = get_close_matches(word, (*taxonomy.assignable, *LOST_TO), n=1)
            hint = f"did you mean {close[0]}?" if close else f"`postmortem taxonomy show {taxonomy.id}` lists all codes"
            say(f"  {_shown(word)} is no number above, code or party; {hint}")
            return None
    if len(codes) > 1 or len(parties) > 1:
        say("  one code and one party at most")
        return None
    if not parties:
        return codes[0]
    return {"codes": codes, "lost_to": parties[0]}


def _line(each: OpenValue) -> str:
    likely = f"; perhaps {', '.join(each.candidates)}" if each.candidates else ""
    note = f" ({each.note})" if each.note else ""
    return f"{_shown(each.value)}: {each.deals} lost deal{'s' if each.deals > 1 else ''}{likely}{note}"


def _shown(text: str) -> str:
    from postmortem.intake.wording import shortened

    return shortened(text)
