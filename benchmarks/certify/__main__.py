"""Run the sections and print their tables: `python -m benchmarks.certify [--books N] [--section NAME] [--write]`."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from benchmarks.certify import SECTIONS
from benchmarks.certify.section import FIRST_SEED

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "build" / "certify"
PAGE = ROOT / "docs" / "certify.md"
HEAD = """# How often the answers are right

Written by `{command}`; change nothing by hand. Books are simulated, one a seed from {first}, and their truth is
known. A rate is the share of books in which it happened, with its Wilson interval; a figure is the mean over books,
with the normal interval of its standard error: both 95%, and both tell how far the number of books, not the method,
may have moved what was seen. Books in which a method refused are counted apart. Nothing here passes or fails; a
line is good where its interval reaches what is stated. A section is run on 1,000 books, and on 200 where a book
takes more than five seconds; where it states fewer, the time given did not allow for more. Minutes are those of one
core.

"""


def main() -> int:
    """Run what was asked for; the page is written only on demand, and only whole."""
    names = [section.name for section in SECTIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certify", description=__doc__)
    parser.add_argument("--books", type=int, default=1000, help="books a section, one a seed from 1")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="begin no further book of a section after these"
    )
    parser.add_argument("--section", action="append", choices=names, help="only this one; may be given again")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} when all are done")
    asked = parser.parse_args()
    if asked.books < 1:
        parser.error("--books must be at least 1")
    if asked.write and asked.section:
        parser.error("--write needs every section; leave --section out (what was run before is not run again)")
    told = []
    for section in SECTIONS:
        if asked.section and section.name not in asked.section:
            continue
        told.append(section.table(list(section.run(asked.books, KEPT, asked.minutes))))
        print(told[-1], flush=True)
    if asked.write:
        command = f"make certify BOOKS={asked.books} WRITE=1"
        PAGE.write_text(HEAD.format(command=command, first=FIRST_SEED) + "\n".join(told), encoding="utf-8")
        print(f"written: {PAGE}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
