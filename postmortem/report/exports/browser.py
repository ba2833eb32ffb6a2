"""Chromium, where it is present, as the printer of a document: HTML in, PDF out, the same bytes every time."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from postmortem.ground.errors import UsageError
from postmortem.report.disk.scratch import scratch

VARIABLE: Final = "POSTMORTEM_BROWSER"
NAMES: Final = (
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "microsoft-edge-stable",
    "microsoft-edge", "msedge", "brave-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)  # fmt: skip
SECONDS = 180
# It prints a file of ours: nothing is fetched, no profile is kept, nothing is written above or below a page.
FLAGS: Final = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-breakpad",
    "--no-pdf-header-footer", "--generate-pdf-document-outline",
)  # fmt: skip
MAKER: Final = b"postmortem"
CLOCKS: Final = re.compile(rb"/(?:CreationDate|ModDate) \(D:[^)]*\)")
CREATOR: Final = re.compile(rb"/Creator \(((?:[^()\\]|\\.)*)\)")

# Names of the cells of tables, numbered from a start that is another one in every run.
NODES: Final = re.compile(rb"\(node\d{8}\)")


def find_browser(told: str = "") -> str:
    """Return the program that prints: the one told, else that of the environment, else the first of the known names.

    Raises
    ------
    UsageError
        When there is none.
    """
    wanted = told or os.environ.get(VARIABLE, "")
    found = next((path for name in ([wanted] if wanted else NAMES) if (path := shutil.which(name))), None)
    if found is None:
        raise UsageError(
            "A PDF is printed by Chromium or a browser of its family, and there is none.",
            got=wanted or "none of the names it usually has", expected=", ".join(NAMES[:4]) + " or another of them",
            do=f"install chromium, or name the program with --browser or {VARIABLE}; pages print from any browser, too",
        )  # fmt: skip
    return found


def pdf_of(html: str, browser: str) -> bytes:
    """Print a document.

    Parameters
    ----------
    html : str
        Complete: pictures inside, nothing to fetch.
    browser : str
        As `find_browser` returns it.

    Returns
    -------
    bytes
        PDF whose bookmarks are the headings, without the day and the machine it was printed on.

    Raises
    ------
    UsageError
        When the browser does not print.
    """
    with scratch() as place:
        (place / "report.html").write_text(html, encoding="utf-8")
        # Its sandbox does not start for the superuser of a container; it shows a page of ours that runs nothing.
        flags = [*FLAGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
        said = _call([browser, *flags, f"--user-data-dir={place / 'profile'}",
                      f"--print-to-pdf={place / 'report.pdf'}", (place / "report.html").as_uri()])  # fmt: skip
        printed = place / "report.pdf"
        content = printed.read_bytes() if printed.is_file() else b""
    if not content.startswith(b"%PDF"):
        raise UsageError(
            "The browser printed nothing.", got=f"{Path(browser).name}: {said}",
            do=f"name another one with --browser or {VARIABLE}, or print the pages by hand",
        )  # fmt: skip
    return timeless(content)


def timeless(pdf: bytes) -> bytes:
    """Return a PDF without what its printing left in it: times, the program, numbers that count from anywhere.

    Nothing moves, so that the index of the file stays right, and the numbers keep their order.
    """
    pdf = CLOCKS.sub(lambda found: b" " * len(found[0]), pdf)
    pdf = CREATOR.sub(lambda found: b"/Creator (" + MAKER.ljust(len(found[1]))[: len(found[1])] + b")", pdf)
    numbers = {old: b"(node%08d)" % new for new, old in enumerate(sorted(set(NODES.findall(pdf))), start=1)}
    return NODES.sub(lambda found: numbers[found[0]], pdf)


def _call(command: Sequence[str]) -> str:
    """Run the browser to its end; return the last line it said."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        _, told = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer after {SECONDS} seconds"
    finally:
        if process.poll() is None:
            _end(process)
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {process.returncode}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a browser and the processes it has started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
