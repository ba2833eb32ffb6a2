"""Files as they come: encodings, delimiters, packed, damaged, or no tables at all."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from postmortem.ground.errors import ConfigError, DataError
from postmortem.intake.reading import RawTable, Settings, read_table

TEXT = "id;name;amount\r\nD1;Müller & Söhne;1,5\r\nD2;Škoda;2\r\n"


def read(tmp_path: Path, content: str | bytes, name: str = "x.csv", **settings: str) -> RawTable:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, name, Settings(**settings))


def cells(raw: RawTable) -> list[list[str | None]]:
    return [[None if pd.isna(cell) else cell for cell in row] for row in raw.frame.to_numpy().tolist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_found_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    raw = read(tmp_path, TEXT.encode(encoding))
    assert raw.headers == ("id", "name", "amount")
    assert cells(raw) == [["D1", "Müller & Söhne", "1,5"], ["D2", "Škoda", "2"]]


def test_big_endian_with_a_mark(tmp_path: Path) -> None:
    assert cells(read(tmp_path, b"\xfe\xff" + TEXT.encode("utf-16-be")))[1][1] == "Škoda"


def test_western_european_is_the_last_resort_and_is_noted(tmp_path: Path) -> None:
    raw = read(tmp_path, TEXT.replace("Škoda", "Señor “X”").encode("cp1252"))
    assert cells(raw)[0][1] == "Müller & Söhne" and cells(raw)[1][1] == "Señor “X”"
    assert any("cp1252" in note.what for note in raw.notes)
    assert read(tmp_path, TEXT.encode()).notes == ()


def test_a_stated_encoding_is_used_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    assert cells(read(tmp_path, TEXT.encode("cp1250"), encoding="cp1250"))[1][1] == "Škoda"
    with pytest.raises(DataError, match="not written in ascii"):
        read(tmp_path, TEXT, encoding="ascii")
    with pytest.raises(ConfigError, match="no such encoding"):
        read(tmp_path, TEXT, encoding="utf-9")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_though_texts_hold_the_others(tmp_path: Path, delimiter: str) -> None:
    others = "".join(mark for mark in ",;\t|" if mark != delimiter)
    lines = [["deal id", "note", "owner"]] + [[f"D{n}", f'"a{others}b{others}"', "Ann"] for n in range(5)]
    raw = read(tmp_path, "\n".join(delimiter.join(line) for line in lines))
    assert raw.headers == ("deal id", "note", "owner")
    assert cells(raw)[4] == ["D4", f"a{others}b{others}", "Ann"]


def test_a_stated_delimiter_counts_and_must_be_one_character(tmp_path: Path) -> None:
    assert read(tmp_path, "a:b,c\n1:2,3\n", delimiter=":").headers == ("a", "b,c")
    assert read(tmp_path, "a\tb,c,d\n1\t2\n", delimiter="tab").headers == ("a", "b,c,d")
    with pytest.raises(ConfigError, match="no delimiter"):
        read(tmp_path, "a,b\n", delimiter=",,")


def test_excels_separator_line_is_obeyed_and_lines_still_count_right(tmp_path: Path) -> None:
    raw = read(tmp_path, "sep=;\na;b\n1;2\n3;4\n")
    assert raw.headers == ("a", "b") and raw.lines.tolist() == [3, 4]


def test_lines_are_those_of_the_file_though_fields_span_several(tmp_path: Path) -> None:
    raw = read(tmp_path, 'a,b\n1,"x\ny\nz"\n\n2,w\r\n"3",v\n')
    assert raw.lines.tolist() == [2, 6, 7]
    assert raw.frame["b"].tolist() == ["x\ny\nz", "w", "v"]
    assert [(note.rows, "blank" in note.what) for note in raw.notes] == [(1, True)]


def test_old_line_ends_are_understood(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b\r1,2\r3,4\r")) == [["1", "2"], ["3", "4"]]


def test_rows_of_another_width_are_kept_apart_with_their_reason(tmp_path: Path) -> None:
    raw = read(tmp_path, 'a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n"4,5\n6,7",8\n')
    assert cells(raw) == [["1", "2", "3"], ["1", "2", "3"]]
    assert [row.line for row in raw.ragged] == [3, 4, 6]
    reasons = [raw.reason_for(row) for row in raw.ragged]
    assert reasons[:2] == ["has 2 fields, the header has 3", "has 4 fields, the header has 3"]
    assert reasons[2].startswith("has 2 fields, the header has 3; it spans lines 6 to 7")


def test_a_trailing_delimiter_makes_no_column(tmp_path: Path) -> None:
    raw = read(tmp_path, "a,b,\n1,2,\n3,4\n")
    assert raw.headers == ("a", "b") and cells(raw) == [["1", "2"], ["3", "4"]]
    raw = read(tmp_path, "a,b,\n1,2,3\n")
    assert raw.headers == ("a", "b", "(column 3)") and cells(raw) == [["1", "2", "3"]]


def test_headers_lose_outer_spaces_and_doubles_are_told_apart(tmp_path: Path) -> None:
    raw = read(tmp_path, " Amount ,Close  Date\t,Amount,\n1,2,3,x\n")
    assert raw.headers == ("Amount", "Close Date", "Amount (2)", "(column 4)")
    assert [note.column for note in raw.notes] == ["Amount (2)"]


def test_titles_above_the_header_are_passed_over_and_noted(tmp_path: Path) -> None:
    raw = read(tmp_path, "Pipeline report\nAs of 2025-10-06\n\nid,stage,owner\nD1,Won,Ann\nD2,Lost,Bob\n")
    assert raw.headers == ("id", "stage", "owner") and raw.lines.tolist() == [5, 6]
    assert any(note.rows == 2 and "above the header" in note.what for note in raw.notes)


def test_empty_cells_are_missing_and_everything_else_stays_text(tmp_path: Path) -> None:
    raw = read(tmp_path, "a,b,c,d\n007, ,1e5,None\n")
    assert cells(raw) == [["007", None, "1e5", "None"]]
    assert {str(dtype) for dtype in raw.frame.dtypes} == {"str"}


def test_nul_characters_are_taken_out_and_counted(tmp_path: Path) -> None:
    raw = read(tmp_path, "a,b\nx\x00y,\x00\nz,w\n")
    assert cells(raw) == [["xy", None], ["z", "w"]]
    assert [note.rows for note in raw.notes] == [2]


def test_packed_files_are_unpacked_whatever_they_are_called(tmp_path: Path) -> None:
    assert cells(read(tmp_path, gzip.compress(TEXT.encode()), "x.csv"))[0][0] == "D1"
    assert cells(read(tmp_path, gzip.compress(gzip.compress(b"a,b\n1,2\n", mtime=0)), "x.gz")) == [["1", "2"]]


def test_parquet_is_written_as_text_in_one_way(tmp_path: Path) -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    frame = pd.DataFrame(
        {
            "id": [7, 8],
            "as_float": [7.0, None],
            "amount": [1234.5, float("inf")],
            "day": [dt.date(2025, 3, 1), None],
            "moment": pd.to_datetime([dt.datetime(2025, 3, 1, 10, 30, tzinfo=zone), None]),
            "midnight": pd.to_datetime(["2025-03-01", "2025-03-02 00:00:01.5"], format="ISO8601"),
            "flag": [True, False],
            "several": [["Price", "Timing"], []],
        }
    )
    frame.to_parquet(tmp_path / "x.parquet")
    raw = read_table(tmp_path / "x.parquet", "x.parquet")
    assert cells(raw)[0][:4] == ["7", "7", "1234.5", "2025-03-01"]
    assert pd.Timestamp(cells(raw)[0][4]) == pd.Timestamp("2025-03-01 08:30", tz="UTC")
    assert cells(raw)[0][5:] == ["2025-03-01", "true", "Price;Timing"]
    assert cells(raw)[1] == ["8", None, "inf", None, None, "2025-03-02 00:00:01.500000", "false", None]
    assert raw.lines.tolist() == [1, 2]


def test_typed_numbers_follow_the_stated_decimal_mark(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1.5], "b": ["2,5"]}).to_parquet(tmp_path / "x.parquet")
    raw = read_table(tmp_path / "x.parquet", "x.parquet", Settings(decimal=","))
    assert cells(raw) == [["1,5", "2,5"]]


def workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        tab = book.create_sheet(title)
        for row in rows:
            tab.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_formatted_report_in_a_workbook_is_read_below_its_titles(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Closed deals"], ["As of 2025-10-06", "Standard"], [], ["Deal ID", "Stage", "Amount", "Closed"],
        ["D1", "Won", 1234.5, dt.datetime(2025, 3, 1)], ["D2", "Lost", None, dt.datetime(2025, 3, 2, 9, 5)],
        ["D3", "Open"],
    ]  # fmt: skip
    raw = read(tmp_path, workbook({"Cover": [], "Data": rows}), "x.xlsx")
    assert raw.headers == ("Deal ID", "Stage", "Amount", "Closed")
    assert cells(raw) == [
        ["D1", "Won", "1234.5", "2025-03-01"], ["D2", "Lost", None, "2025-03-02 09:05:00"], ["D3", "Open", None, None],
    ]  # fmt: skip
    assert raw.lines.tolist() == [5, 6, 7]


def test_the_sheet_is_chosen_by_name_or_is_the_first_filled_one(tmp_path: Path) -> None:
    data = workbook({"One": [["a", "b"], [1, 2]], "Two": [["c", "d"], [3, 4]]})
    raw = read(tmp_path, data, "x.xlsx")
    assert raw.headers == ("a", "b")
    assert any("'Two'" in note.what for note in raw.notes)
    assert read(tmp_path, data, "x.xlsx", sheet="Two").headers == ("c", "d")
    with pytest.raises(DataError, match="no such sheet"):
        read(tmp_path, data, "x.xlsx", sheet="Tow")


def test_columns_marked_as_sorted_are_told_and_lose_their_mark(tmp_path: Path) -> None:
    full: list[list[object]] = [["Stage  ↑", "Deal"], ["Won", "D1"], ["Won", "D2"]]
    raw = read(tmp_path, workbook({"s": full}), "x.xlsx")
    assert raw.headers == ("Stage", "Deal") and raw.sorted_by == ("Stage",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "is empty"),
        (b"\n , \n", "is empty"),
        (gzip.compress(b"a,b\n1,2\n" * 99, mtime=0)[:25], "cannot be unpacked"),
        (b"PK\x03\x04 not a workbook", "no workbook"),
        (b"PAR1 not parquet PAR1", "no Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "no table"),
        (b"%PDF-1.7 ...", "no table"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "no table"),
        (b'[{"id": 1}]', "no table"),
        (bytes(range(256)) * 40, "no text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 9, "no text"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words) as refused:
        read(tmp_path, content)
    assert "x.csv" in refused.value.what
    assert str(tmp_path) not in refused.value.message


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    data = bytearray(workbook({"s": [["a", "b"], [1, 2]]}))
    for cut in (len(data) // 2, len(data) - 30):
        with pytest.raises(DataError, match="no workbook"):
            read(tmp_path, bytes(data[:cut]), "x.xlsx")


def test_missing_files_and_folders_are_told_apart_with_the_nearest_name(tmp_path: Path) -> None:
    read(tmp_path, "a,b\n1,2\n", "deals.csv")
    with pytest.raises(DataError, match="no such file") as refused:
        read_table(tmp_path / "deal.csv", "deal.csv")
    assert "'deals.csv'" in refused.value.message
    with pytest.raises(DataError, match="a folder"):
        read_table(tmp_path, "exports")


def test_a_quote_that_is_never_closed_is_named_by_its_line(tmp_path: Path) -> None:
    for rows in (10, 60_000):
        with pytest.raises(DataError, match="split into fields") as refused:
            read(tmp_path, "a,b\n1,2\n" + '3,"x\n' + "4,5\n" * rows)
        assert "line 3" in refused.value.message


def test_rows_inside_a_quotation_are_set_aside_and_long_notes_are_not(tmp_path: Path) -> None:
    head, row = "a,b,c,d\n1,2,3,4\n", "5,6,7,8\n"
    raw = read(tmp_path, head + '1,2,3,"4\n' + row * 5 + '9,9,9,9"\n' + row)
    assert cells(raw) == [["1", "2", "3", "4"], ["5", "6", "7", "8"]]
    assert [raw.reason_for(each) for each in raw.ragged] == [
        "spans lines 3 to 9: look for a quotation mark that is not closed"
    ]
    raw = read(tmp_path, head + '1,2,3,"4\nthey said, and I quote, ""no"", twice\nthen\nthey left"\n' + row)
    assert raw.ragged == () and len(raw.frame) == 3
