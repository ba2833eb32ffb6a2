"""`taxonomy map`: asked at a terminal, answered from a file, refused where nobody answers, the same twice."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from postmortem.cli.app import start
from postmortem.frames.engagement import Engagement

Call = Callable[..., tuple[int, str, str]]
HOSTILE = (
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", 'say "no"', "back\\slash", "it's [taxonomy] # no", "\x1b[31mred",
    "\u202eevil", "{{ 7 * 7 }}", "a.b.c", "Zu teuer, ehrlich", "🙂", "v" * 300,
)  # fmt: skip


class Terminal(io.StringIO):
    """Answers typed at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("POSTMORTEM_CACHE", str(tmp_path / "cache"))
    # What runs the tests may sit at a terminal itself.
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def called(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            start(["taxonomy", "map", "-e", str(tmp_path), *words])
        told = capsys.readouterr()
        return int(left.value.code or 0), told.out, told.err

    return called


def engagement(folder: Path, *reasons: str) -> Path:
    import csv

    with (folder / "deals.csv").open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(["deal_id", "outcome", "created_at", "closed_at", "amount", "loss_reason_raw"])
        writer.writerow(["W1", "won", "2025-01-10", "2025-03-20", 100, ""])
        for number, text in enumerate(reasons):
            writer.writerow([f"L{number}", "lost", "2025-01-10", "2025-03-20", 100, text])
    place = folder / "postmortem.toml"
    place.write_text(
        '# ours\n[company]\nname = "Acme"   # kept\n\n[tables.deals]\nfile = "deals.csv"\n', encoding="utf-8"
    )
    return place


def own(place: Path) -> dict[str, object]:
    found: dict[str, object] = tomllib.loads(place.read_text(encoding="utf-8")).get("taxonomy", {}).get("reasons", {})
    return found


def codes(folder: Path) -> list[str | None]:
    return [None if code != code else code for code in Engagement.open(folder).book().tables["reasons"]["code"]]


def test_without_a_terminal_and_a_file_it_names_the_values_and_writes_nothing(call: Call, tmp_path: Path) -> None:
    place = engagement(tmp_path, "Vendor lock", "Vendor lock", "Prise", "Price")
    before = place.read_bytes()
    code, out, err = call()
    assert (code, out) == (2, "")
    assert '"Vendor lock": 2 lost deals' in err and '"Prise": 1 lost deal; perhaps price_value' in err
    assert "there is nobody to ask" in err and "--file answers.csv" in err and '"Price"' not in err
    assert place.read_bytes() == before


def test_asked_one_value_after_the_other(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = engagement(tmp_path, "Prise", "Prise", "Vendor lock", "A riddle", "Gone to rival", "Later")
    monkeypatch.setattr("sys.stdin", Terminal("1\n\nnonsense\nterms competitor\ncompetitor\nq\n"))
    code, out, err = call()
    assert code == 0, err
    assert own(place) == {
        "Prise": "price_value",
        "Gone to rival": {"codes": ["terms"], "lost_to": "competitor"},
        "Later": {"lost_to": "competitor"},
    }
    assert '"nonsense" is no number above, code or party' in err
    assert out.splitlines()[-1] == '2 still open: "A riddle", "Vendor lock"' and "it means" not in out
    assert codes(tmp_path)[:2] == ["price_value", "price_value"]


def test_answers_from_csv_and_from_toml_are_the_same(call: Call, tmp_path: Path) -> None:
    place = engagement(tmp_path, "Vendor lock", "Gone", "Both", "Open")
    (tmp_path / "a.csv").write_text(
        "value,codes,lost_to\nVendor lock,incumbent_relationship,\nGone,,competitor\nBoth,terms;price_value,\nOpen,,\n",
        encoding="utf-8-sig",
    )
    (tmp_path / "a.toml").write_text(
        '"Vendor lock" = "incumbent_relationship"\nGone = { lost_to = "competitor" }\n'
        'Both = { codes = ["terms", "price_value"] }\n',
        encoding="utf-8",
    )
    code, out, err = call("--file", str(tmp_path / "a.csv"), "--json")
    assert code == 0, err
    written = own(place)
    assert written == {
        "Vendor lock": "incumbent_relationship", "Gone": {"lost_to": "competitor"},
        "Both": {"codes": ["terms", "price_value"]},
    }  # fmt: skip
    assert [each["value"] for each in json.loads(out)["open"]] == ["Open"]
    text = place.read_text(encoding="utf-8")
    assert text.startswith('# ours\n[company]\nname = "Acme"   # kept\n')
    # The same answers once more, in the other form: nothing moves.
    code, out, _ = call("--file", str(tmp_path / "a.toml"))
    assert code == 0 and "Nothing was written" in out and '1 still open: "Open"' in out
    assert place.read_text(encoding="utf-8") == text


def test_a_decision_taken_before_is_changed_only_when_asked(call: Call, tmp_path: Path) -> None:
    place = engagement(tmp_path, "Vendor lock")
    answers = tmp_path / "a.toml"
    answers.write_text('"Vendor lock" = "terms"', encoding="utf-8")
    assert call("--file", str(answers))[0] == 0
    answers.write_text('"Vendor lock" = "price_value"', encoding="utf-8")
    code, _, err = call("--file", str(answers))
    assert code == 2 and "decided before as 'terms'; use --replace" in err and own(place) == {"Vendor lock": "terms"}
    assert call("--file", str(answers), "--replace")[0] == 0
    assert own(place) == {"Vendor lock": "price_value"}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.toml", 'Gone = "trems"\nVendor = "prise"', ("'trems' is not a code", "did you mean 'terms'", "'prise'")),
        pytest.param("a.toml", "Gone = 5", ("'Gone': expected a code or a table",), marks=pytest.mark.thorough),
        ("a.toml", '"Gone away" = "terms"', ("no lost deal carries it; did you mean 'Gone'?",)),
        ("a.toml", "Gone = ", ("not valid TOML",)),
        ("a.csv", "value,codes\nGone,terms\nGone,price_value\n", ("line 3", "is there twice")),
        ("a.csv", "value,code\nGone,terms\n", ("has other columns", "value, codes")),
        pytest.param("a.csv", "value,codes\nGone,terms,x,y\n", ("has other columns",), marks=pytest.mark.thorough),
        pytest.param("a.xlsx", "", ("ends in .toml or .csv",), marks=pytest.mark.thorough),
        ("missing.csv", None, ("cannot read the file",)),
    ],
)
def test_wrong_answers_are_refused_and_nothing_is_written(
    call: Call, tmp_path: Path, name: str, content: str | None, told: tuple[str, ...]
) -> None:
    place = engagement(tmp_path, "Gone", "Vendor")
    before = place.read_bytes()
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    code, _, err = call("--file", str(tmp_path / name))
    assert code == 2
    assert all(part in err for part in told), err
    assert place.read_bytes() == before


def test_hostile_values_of_a_picklist_are_shown_harmless_and_mapped_as_they_are(call: Call, tmp_path: Path) -> None:
    import csv

    place = engagement(tmp_path, *HOSTILE)
    code, _, err = call()
    assert code == 2 and all(mark.isprintable() or mark == "\n" for mark in err)
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([["value", "codes"], *([value, "terms"] for value in HOSTILE)])
    code, out, err = call("--file", str(tmp_path / "a.csv"))
    assert code == 0, err
    assert all(mark.isprintable() or mark == "\n" for mark in out + place.read_text(encoding="utf-8"))
    assert codes(tmp_path) == ["terms"] * len(HOSTILE)
    assert call()[:2] == (0, "Nothing was written.\n")


def test_where_every_value_is_known_there_is_nothing_to_ask(call: Call, tmp_path: Path) -> None:
    engagement(tmp_path, "Price", "")
    assert call()[:2] == (0, "Nothing was written.\n")
