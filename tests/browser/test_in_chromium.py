"""Pages opened in a real browser: nothing is fetched, nothing runs, nothing is cut off, and everyone can read them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from report.hostile import HOSTILE

from postmortem.frames import Engagement
from postmortem.ground import resources
from postmortem.report.run import run_quarter

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]
WIDTHS = (390, 1280)
SCHEMES = ("light", "dark")
MOST_BYTES = 1_500_000
# A4 and Letter less the margins of the style sheet, in CSS pixels.
PAPER = {"A4": (695, 1008), "Letter": (717, 942)}
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TEXTS = (
    "Opportunity Name", "Account Name", "Opportunity Owner", "Opportunity Owner: Manager", "Owner Role", "Type",
    "Industry", "Sales Region", "Product Family", "Loss Reason", "Main Competitor(s)",
)  # fmt: skip
HEADER, FILE, NAME = '"><svg onload=alert(1)>', "<img src=x onerror=alert(1)>.csv", "</style><script>alert(1)</script>"
TAXONOMY = f"""
id = "own"
version = "1.0"
title = '{NAME}'
extends = "red_zone"
[codes.price_value]
label = '{NAME}'
definition = '{NAME}'
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_quarter(Engagement.open(resources.sample("plain")), output=tmp_path_factory.mktemp("reports")).folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of deals whose every text, header and file name is hostile, as are labels, titles and commentary."""
    place = tmp_path_factory.mktemp("hostile")
    sample = resources.sample("plain")
    deals = pd.read_csv(sample / "opportunities.csv", dtype="str", keep_default_na=False)
    for at, name in enumerate(TEXTS):
        told = [HOSTILE[(row + at) % len(HOSTILE)] for row in range(len(deals))]
        deals[name] = deals[name].where((deals.index % 3 > 0) | (deals[name] == ""), pd.Series(told))
    deals.rename(columns={"Sales Region": HEADER}).to_csv(place / FILE, index=False)
    settings = (sample / "postmortem.toml").read_text(encoding="utf-8")
    for old, new in (
        ('"Fennmoor Instruments"', f"'{NAME}'"), ('"opportunities.csv"', f"'{FILE}'"), ('"Sales Region"', f"'{HEADER}'")
    ):  # fmt: skip
        assert old in settings
        settings = settings.replace(old, new)
    settings = settings.replace("[taxonomy.reasons]", '[taxonomy]\nid = "own"\nfolder = "own"\n[taxonomy.reasons]')
    settings += f"[report]\nprepared_by = '{NAME}'\nconfidentiality = '{NAME}'\n"
    (place / "postmortem.toml").write_text(settings, encoding="utf-8")
    (place / "own").mkdir()
    (place / "own" / "own.toml").write_text(TAXONOMY, encoding="utf-8")
    (place / "commentary").mkdir()
    words = "\n\n".join(HOSTILE)
    (place / "commentary" / "2025Q3.md").write_text(f"{words}\n\n## 01\n\n{words}\n\n## {NAME}\n\n{words}")
    return run_quarter(Engagement.open(place), output=place / HOSTILE[1].replace("/", ""), accept_changes=True).folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@contextmanager
def opened(browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> Iterator[tuple[Any, list[str]]]:
    """Open a page, every folded part unfolded; what it asks for, says or runs is collected in the list."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=False)
    page = context.new_page()
    heard: list[str] = []
    own = path.as_uri()
    page.on(
        "request", lambda request: heard.append(request.url) if not request.url.startswith(("data:", own)) else None
    )
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    page.goto(own)
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    yield page, heard
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fetch_nothing_run_nothing_and_fit(browser: Any, folder: Path, width: int) -> None:
    for path in sorted(folder.glob("*.html")):
        with opened(browser, path, width) as (page, heard):
            assert heard == [], path.name
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
            assert page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length") == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_hostile_text_is_shown_and_never_run(browser: Any, hostile: Path, width: int) -> None:
    shown = ""
    for path in sorted(hostile.glob("*.html")):
        with opened(browser, path, width) as (page, heard):
            assert heard == [], path.name
            assert page.evaluate("document.scripts.length") == 0
            assert page.evaluate("[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
                                 ".filter(name => name.startsWith('on')).length") == 0  # fmt: skip
            assert page.evaluate("document.querySelectorAll('svg, iframe, object, form, base, link').length") == 0
            links = page.evaluate("[...document.links].map(link => link.getAttribute('href'))")
            assert all(re.fullmatch(r"#[\w-]+|[\w-]+\.html(#[\w-]+)?", link) for link in links)
            assert page.evaluate("getComputedStyle(document.querySelector('h1')).display") == "block"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
            shown += page.evaluate("document.body.innerText")
    for text in (*HOSTILE[:3], NAME):
        assert text in shown
    told = json.loads((hostile / "manifest.json").read_text(encoding="utf-8"))["commentary"]
    assert any(f"no answer under '{NAME}'" in flag for flag in told["flags"])


@pytest.mark.skipif(find_spec("axe_playwright_python") is None, reason="axe-playwright-python is not installed")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_keeps_people_from_reading_a_page(browser: Any, folder: Path, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for path in sorted(folder.glob("*.html")):
        with opened(browser, path, width, scheme) as (page, _):
            found = Axe().run(page).response["violations"]
            faults = [
                (fault["id"], fault["nodes"][0]["html"][:200], len(fault["nodes"]))
                for fault in found
                if fault["impact"] in ("serious", "critical")
            ]
            assert faults == [], path.name


def test_every_link_leads_to_what_it_names(browser: Any, folder: Path) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    ids = {name: re.findall(r'\bid="([^"]+)"', html) for name, html in pages.items()}
    for name, html in pages.items():
        assert len(ids[name]) == len(set(ids[name])), name
        for link in re.findall(r'<a [^>]*href="([^"]+)"', html):
            file, _, place = link.partition("#")
            assert (file or name) in pages, link
            assert not place or place in ids[file or name], link
    with opened(browser, folder / "01-quarter-overview.html") as (page, _):
        page.click(".contents li:last-child a")
        assert page.evaluate("location.hash") == "#not-yet"
        assert page.evaluate("document.querySelector('#not-yet').getBoundingClientRect().top") < 900


def test_every_picture_has_a_sentence_instead_of_it(browser: Any, folder: Path) -> None:
    with opened(browser, folder / "index.html") as (page, _):
        sentences = page.evaluate("[...document.images].map(i => i.alt)")
    assert len(sentences) >= 4
    assert all(len(sentence) > 20 for sentence in sentences)


@pytest.mark.parametrize("paper", PAPER)
def test_nothing_is_cut_off_in_print(browser: Any, folder: Path, paper: str) -> None:
    width, height = PAPER[paper]
    for path in sorted(folder.glob("*.html")):
        with opened(browser, path, width) as (page, _):
            page.emulate_media(media="print")
            sizes = page.evaluate("[...document.images].map(i => [i.width, i.height, i.getBoundingClientRect().right])")
            assert all(0 < across <= width and down <= height and right <= width + 1 for across, down, right in sizes)
            for kind, property, value in (
                ("figure", "breakInside", "avoid"), ("tr", "breakInside", "avoid"),
                ("thead", "display", "table-header-group"),
            ):  # fmt: skip
                styles = f"[...document.querySelectorAll('{kind}')].map(e => getComputedStyle(e).{property})"
                assert set(page.evaluate(styles)) <= {value}
            wide = "[...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)"
            assert all(right <= width + 1 for right in page.evaluate(wide)), path.name
            assert page.pdf(format=paper, prefer_css_page_size=False).startswith(b"%PDF")


def test_a_page_is_small_enough_to_be_sent(folder: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.html")}
    assert len(sizes) >= 6
    assert max(sizes.values()) < MOST_BYTES, sizes
