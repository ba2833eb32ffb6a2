"""What `check` says in a terminal: what is answered, what is missing and by when, what was not understood."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from postmortem.frames.cohort import Cohort
from postmortem.ground.formats import count
from postmortem.intake.wording import is_without_meaning
from postmortem.result import Result

WIDTH = 80
LABEL = 10
MOST = 12


def report_text(frame: Cohort, results: Mapping[str, Result], files: Mapping[str, str]) -> str:
    """Write what `check` found as text of at most eighty columns.

    Parameters
    ----------
    frame : Cohort
        The deals asked about.
    results : mapping of str to Result
        `readiness`, `rows_used` and `not_understood` of these deals.
    files : mapping of str to str
        Canonical table to the file it was read from.
    """
    head = f"{frame.book.meta.company}, {frame.focus.label}: {len(frame.focus_rows):,} {frame.noun}"
    lines = [*_wrapped(head), *(line for remark in frame.remarks for line in _wrapped(remark))]
    lines += _questions(results["readiness"])
    lines += _rows(results["rows_used"], files)
    lines += _strange(results["not_understood"], files)
    lines += _repairs(results["rows_used"])
    return "\n".join(lines)


def _questions(result: Result) -> list[str]:
    records = result.tables["questions"].records
    answered = [record for record in records if record["answered"] == "yes"]
    waiting = [record for record in records if record["answered"] != "yes"]
    lines = ["", *_heading(f"Answered: {len(answered)} of {count(len(records), 'question')}")]
    lines += [line for record in answered for line in _wrapped(record["question"], "  + ", "    ")]
    if waiting:
        lines += ["", *_heading(f"Not yet: {count(len(waiting), 'question')}, and what unlocks them")]
    alike: dict[tuple[str, ...], list[str]] = {}
    for record in waiting:
        lack = tuple(str(record[name]) for name in ("missing", "unlock", "where", "arrives"))
        alike.setdefault(lack, []).append(record["question"])
    for lack, questions in alike.items():
        lines += [line for question in questions for line in _wrapped(question, "  - ", "    ")]
        for label, text in zip(("missing", "do", "where", "by when"), lack, strict=True):
            lines += _wrapped(text, f"      {label:<{LABEL}}", " " * (6 + LABEL)) if text else []
    return lines


def _rows(result: Result, files: Mapping[str, str]) -> list[str]:
    records = result.tables["tables"].records
    figures = [
        (_of_file(record["table"], files), *(f"{record[name]:,}" for name in ("read", "used", "set_aside")))
        for record in records
    ]
    lines = ["", *_heading(result.headline), *_aligned(("", "read", "used", "set aside"), figures)]
    if "reasons" not in result.tables:
        return lines
    lines += ["", "Why rows were set aside"]
    for record in result.tables["reasons"].records[:MOST]:
        what = f"{record['table']}, {record['column']}: {record['reason']} (for example {record['example']})"
        lines += _wrapped(what, f"  {record['rows']:>7,}  ", " " * 11)
    return lines + _more(len(result.tables["reasons"].rows))


def _strange(result: Result, files: Mapping[str, str]) -> list[str]:
    values, columns = result.tables["values"].records, result.tables["columns"].records
    lines = ["", *_heading("Not understood" if values or columns else result.headline)]
    for table in dict.fromkeys(record["table"] for record in columns):
        names = [record["column"] for record in columns if record["table"] == table]
        lines += _wrapped(f"{_of_file(table, files)}, {count(len(names), 'column')} not read: "
                          f"{', '.join(names)}", "  ", "    ")  # fmt: skip
        lines += _wrapped(
            f"to read one, add under [tables.{table}.columns]: canonical_name = header", "      ", "      "
        )
    for section in dict.fromkeys(record["section"] for record in values):
        of_section = [record for record in values if record["section"] == section]
        lines += [f"  add to {section}"]
        for record in of_section[:MOST]:
            lines += _wrapped(f"{record['line']}", f"  {record['rows']:>7,}  ", " " * 11)
        lines += _more(len(of_section))
    return lines


def _repairs(result: Result) -> list[str]:
    records = [record for record in result.tables["repairs"].records if not is_without_meaning(record["what"])]
    lines = ["", *_heading("Seen or repaired by a stated rule")] if records else []
    for record in records:
        where = ", ".join(text for text in (record["table"], record["column"]) if text)
        lines += _wrapped(f"{where}: {record['what']}", f"  {record['rows'] or '':>7}  ", " " * 11)
    return lines


def _of_file(table: str, files: Mapping[str, str]) -> str:
    """Return the file of a table with the table; tables made of others have no file."""
    return f"{files[table]} ({table})" if table in files else table


def _heading(text: str) -> list[str]:
    lines = _wrapped(text)
    return [*lines, "-" * max(len(line) for line in lines)]


def _aligned(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table whose first column stands to the left and whose others stand to the right."""
    table = [heads, *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(heads))]
    return [
        "  " + "  ".join(text.ljust(width) if place == 0 else text.rjust(width)
                         for place, (text, width) in enumerate(zip(row, widths, strict=True)))
        for row in table
    ]  # fmt: skip


def _more(rows: int) -> list[str]:
    return [f"           and {rows - MOST:,} more, in --json"] if rows > MOST else []


def _wrapped(text: str, first: str = "", further: str = "") -> list[str]:
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    return textwrap.wrap(plain, WIDTH, initial_indent=first, subsequent_indent=further, break_on_hyphens=False)
