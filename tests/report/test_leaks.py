"""Leaks are found wherever they hide, named by place and kind, and ordinary words are left alone."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
import zlib

import openpyxl
import pytest

from postmortem.book.identities import Finder, Pseudonyms
from postmortem.report.sharing.leaks import PNG, Search, scan

NAME = "Zantor & Söhne"
SEARCH = Search(
    (("a name of this book", Finder({"account": [NAME], "person": ["Meyer", "Other"]}, allowed=["Meyer Mills"])),),
    {"jdoe": "the name of this user"}, allowed=("Okonjo, jo@example.org",),
)  # fmt: skip


def kinds(content: bytes | str, name: str = "a.html") -> set[str]:
    return {leak.kind for leak in scan({name: content.encode() if isinstance(content, str) else content}, SEARCH)}


def png(*chunks: tuple[bytes, bytes], behind: bytes = b"") -> bytes:
    parts = [struct.pack(">I", len(data)) + kind + data + b"\0\0\0\0" for kind, data in (*chunks, (b"IEND", b""))]
    return PNG + b"".join(parts) + behind


def archive(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return written.getvalue()


def workbook(text: str) -> bytes:
    book = openpyxl.Workbook()
    book.active["B2"] = text
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


SVG = base64.b64encode(f"<svg><text>{NAME}</text></svg>".encode()).decode()
HIDDEN = {
    "text": "<p>with Zantor &amp; S&#246;hne today</p>",
    "other case": "<p>ZANTOR &amp; SÖHNE</p>",
    "broken for breaking": "<td>Zantor &amp; <wbr>Söhne</td>",
    "attribute": '<img alt="Zantor &amp; Söhne">',
    "comment": "<!-- Zantor & Söhne -->",
    "anchor": '<a href="#zantor-söhne">x</a>',
    "picture in a page": f'<img src="data:image/svg+xml;base64,{SVG}">',
    "line break": "<p>Zantor &amp;\nSöhne</p>",
    "no-width letter": "<p>Zan\u200btor &amp; Söhne</p>",
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_name_is_found_on_a_page(case: str) -> None:
    assert kinds(HIDDEN[case]) == {"a name of this book: account"}


def test_a_name_is_found_in_every_kind_of_file() -> None:
    told = {"a name of this book: account"}
    assert kinds(f"a,b\n1,{NAME}\n", "a.csv") == told
    assert kinds('{"x": [{"Zantor \\u0026 S\\u00f6hne": 1}]}', "a.json") == told
    assert kinds(png((b"tEXt", b"Title\0" + NAME.encode())), "a.png") == told
    assert kinds(png((b"zTXt", b"Title\0\0" + zlib.compress(NAME.encode()))), "a.png") == told
    assert kinds(workbook(NAME), "a.xlsx") >= told
    assert kinds(archive({"in.zip": archive({"x.csv": NAME.encode()})}), "a.zip") == told
    assert kinds(archive({f"{NAME}.csv": b""}), "a.zip") == told
    assert {leak.where for leak in scan({f"{NAME}.csv": b""}, SEARCH)} == {"its name"}


def test_what_cannot_be_read_is_not_vouched_for() -> None:
    vouched = "cannot be read, so that nobody can vouch for it"
    assert kinds(b"PAR1\0\xff\xfe", "a.parquet") == {vouched}
    assert kinds(png(behind=b"more"), "a.png") == {vouched}
    assert kinds(b"PK\x03\x04broken", "a.zip") == {vouched}
    assert kinds('<img src="data:image/png;base64,???">') == {vouched}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ask al@acme.example", "an e-mail address"),
        # put together here, since no file of the project may hold such a path
        ("/".join(("", "home", "al", "deals.csv")), "a path of a machine"),
        ("\\".join(("C:", "Users", "al", "deals.csv")), "a path of a machine"),
        ("made by jdoe", "the name of this user"),
        ("AKIA" + "A1" * 8, "a secret"),
        ("api_key = 'x9x9x9x9'", "a secret"),
    ],
)
def test_traces_of_machines_and_people_are_found(text: str, kind: str) -> None:
    assert kinds(f"<p>{text}</p>") == {kind}


@pytest.mark.parametrize(
    "text",
    ["Zantor and Söhne", "Zantoria", "Meyer Mills", "Other", "jo@example.org", "won/lost", "24/7", "jdoes", "1/2 of"],
)
def test_what_may_stand_there_is_left_alone(text: str) -> None:
    assert kinds(f"<p>{text}</p>") == set()


def test_an_allowed_name_does_not_cover_the_person_beside_it() -> None:
    assert kinds("<p>Meyer Mills, by Meyer</p>") == {"a name of this book: person"}


def test_cells_side_by_side_are_not_read_as_one_name() -> None:
    assert kinds("<td>Zantor</td><td>Söhne</td>") == set()
    assert kinds("Zantor,Söhne\n", "a.csv") == set()


def test_finds_do_not_repeat_what_they_found() -> None:
    (leak,) = scan({"a.html": HIDDEN["text"].encode()}, SEARCH)[:1]
    assert "Zantor" not in leak.line and leak.line.startswith("a.html, ")


def test_names_are_hidden_in_sentences_and_pseudonyms_need_their_key() -> None:
    finder, one, other = Finder({"account": [NAME]}), Pseudonyms(b"1"), Pseudonyms(b"2")
    hidden = finder.hide(f"{NAME}, zantor & söhne and Zantoria", one.of)
    code = one.of("account", NAME)
    assert hidden == f"{code}, {code} and Zantoria"
    assert code == one.of("account", "ZANTOR  & Söhne") != other.of("account", NAME)
    assert Finder({"person": ["Other", "12"]}).passed_over == {"person": 2}
