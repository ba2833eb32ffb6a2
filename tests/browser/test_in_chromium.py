"""Pages opened in a real browser: nothing is fetched, nothing runs, nothing sticks out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from postmortem.frames import Engagement
from postmortem.ground import resources
from postmortem.report.run import run_quarter

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
]
WIDTHS = (390, 1280)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_quarter(Engagement.open(resources.sample("plain")), output=tmp_path_factory.mktemp("reports")).folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fetch_nothing_run_nothing_and_fit(browser: Any, folder: Path, width: int) -> None:
    for path in sorted(folder.glob("*.html")):
        page = browser.new_page(viewport={"width": width, "height": 900})
        requests: list[str] = []
        messages: list[str] = []
        page.on("request", lambda request, seen=requests: seen.append(request.url))
        page.on("console", lambda message, seen=messages: seen.append(message.text))
        page.on("dialog", lambda dialog, seen=messages: seen.append(dialog.message))
        page.goto(path.as_uri())
        assert [url for url in requests if not url.startswith(("data:", path.as_uri()))] == []
        assert messages == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        broken = page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length")
        assert broken == 0
        page.close()


def test_every_picture_has_a_sentence_instead_of_it(browser: Any, folder: Path) -> None:
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    sentences = page.evaluate("[...document.images].map(i => i.alt)")
    page.close()
    assert len(sentences) >= 4
    assert all(len(sentence) > 20 for sentence in sentences)
