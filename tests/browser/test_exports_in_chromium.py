"""The bound PDF as Chromium prints it: every page and bookmark, names found, the same bytes, no machine."""

from __future__ import annotations

import getpass
import re
import shutil
import socket
from pathlib import Path

import pytest
from report.shared_reports import make_report

from postmortem.book.identities import Finder
from postmortem.report.editions.record import read_report
from postmortem.report.exports.browser import find_browser, pdf_of
from postmortem.report.exports.export import export
from postmortem.report.exports.pdf_text import texts
from postmortem.report.sharing.leaks import Search, scan

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(tmp_path_factory.mktemp("clients"), "Zantor")


@pytest.fixture(scope="module")
def pdf(folder: Path) -> bytes:
    made = export(folder, ["pdf"], output=folder.parent / "out")
    return (made.folder / "2025Q3.pdf").read_bytes()


def test_every_page_is_in_it_with_a_bookmark(folder: Path, pdf: bytes) -> None:
    told = [text for _, text in texts(pdf)]
    assert None not in told
    said, marks = " ".join(map(str, told)), str(told[0])
    for path in folder.glob("*.html"):
        title = re.search(r"<h1>(.*?)</h1>", path.read_text(encoding="utf-8"))[1]
        assert title in said and title in marks


def test_names_in_it_are_found(folder: Path, pdf: bytes) -> None:
    names = read_report(folder).names
    for kind in ("account", "person", "competitor"):
        found = scan({"a.pdf": pdf}, Search((("a name", Finder({kind: names[kind]})),), {}))
        assert {leak.kind for leak in found} == {f"a name: {kind}"}


def test_it_knows_nothing_of_the_machine_and_is_the_same_every_time(folder: Path, pdf: bytes) -> None:
    machine = {str(Path.home()): "home", str(folder): "folder", socket.gethostname(): "host"}
    machine |= {getpass.getuser(): "user"} if len(getpass.getuser()) > 3 else {}
    assert scan({"a.pdf": pdf}, Search((), machine)) == ()
    assert b"file:" not in pdf and b"CreationDate" not in pdf and b"Mozilla" not in pdf
    made = export(folder, ["pdf"], output=folder.parent / "again")
    assert (made.folder / "2025Q3.pdf").read_bytes() == pdf


@pytest.mark.parametrize("text", ["Zantor &amp; Söhne", "efficient office", "株式会社テスト", "<b>Zan</b>tor", "🙂"])
def test_what_is_printed_is_read_again_but_for_letters_that_no_font_here_has(text: str) -> None:
    pdf = pdf_of(f"<!doctype html><meta charset=utf-8><title>x</title><p>{text}</p>", find_browser())
    plain, told = re.sub(r"<[^>]*>", "", text).replace("&amp;", "&"), [told for _, told in texts(pdf)]
    # A letter that no font here has may be read as the box that is printed for it.
    pattern = "".join(re.escape(c) if c.isascii() else f"[{c}\N{REPLACEMENT CHARACTER}]" for c in plain)
    assert any(read is not None and re.search(pattern, read) for read in told)
