"""Reading taxonomy files: extension, custom folders, and one error for all faults of a file."""

from __future__ import annotations

import pytest

from postmortem.ground.errors import ConfigError
from postmortem.taxonomies import available, load_taxonomy
from postmortem.taxonomies.tomlfile import read_toml

HEADER = 'id = "{0}"\nversion = "1.0"\ntitle = "Title"\n'


def write(folder, name, body, header=HEADER):
    path = folder / f"{name}.toml"
    path.write_text(header.format(name) + body, encoding="utf-8")
    return path


def test_a_child_adds_codes_and_changes_single_fields(tmp_path):
    path = write(
        tmp_path,
        "ours",
        'extends = "red_zone"\n'
        '[codes.budget_lost]\nlabel = "Money gone"\nlost_to = ""\nsynonyms = ["money gone"]\n'
        '[codes.demo_failed]\nlabel = "Demo failed"\nparent = "blindside_causes"\n',
    )
    base, ours = load_taxonomy("red_zone"), load_taxonomy(path)
    assert ours.codes == (*base.codes, "demo_failed")
    changed, before = ours.reason("budget_lost"), base.reason("budget_lost")
    assert (changed.label, changed.lost_to, changed.synonyms) == ("Money gone", None, ("money gone",))
    assert (changed.definition, changed.remedy, changed.parent) == (
        before.definition,
        before.remedy,
        before.parent,
    )
    assert ours.stamp == f"ours@1.0+{base.stamp}"
    assert load_taxonomy("red_zone") == base


def test_names_are_looked_up_in_the_folder_given(tmp_path):
    write(tmp_path, "first", '[codes.one]\nlabel = "One"\n')
    write(tmp_path, "second", 'extends = "first"\n[codes.two]\nlabel = "Two"\n')
    assert load_taxonomy("second", folder=tmp_path).codes == ("one", "two")
    assert load_taxonomy(str(tmp_path / "second.toml")).codes == ("one", "two")
    assert load_taxonomy("second", folder=str(tmp_path)).based_on == ("first@1.0",)
    assert set(available(folder=tmp_path)) == {"first", "second", *available()}


def test_extension_reaches_over_several_files(tmp_path):
    write(tmp_path, "third", 'extends = "follow_through"\n[codes.x]\nlabel = "X"\n')
    third = load_taxonomy("third", folder=tmp_path)
    assert [stamp.split("@")[0] for stamp in third.based_on] == ["follow_through", "red_zone"]
    assert {"x", "no_next_step", "price_value"} <= set(third.codes)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="no taxonomy 'redzone'") as caught:
        load_taxonomy("redzone")
    assert "did you mean 'red_zone'?" in str(caught.value)


@pytest.mark.parametrize("name", ["../outside", "red zone", ""])
def test_a_name_is_never_a_way_out_of_the_folder(tmp_path, name):
    folder = tmp_path / "inside"
    folder.mkdir()
    write(tmp_path, "outside", '[codes.a]\nlabel = "A"\n')
    with pytest.raises(ConfigError, match="there is no taxonomy"):
        load_taxonomy(name, folder=folder)
    write(folder, "child", f'extends = "{name}"\n[codes.b]\nlabel = "B"\n')
    if name:
        with pytest.raises(ConfigError, match="there is no taxonomy"):
            load_taxonomy("child", folder=folder)


@pytest.mark.parametrize(
    ("names", "circle"),
    [(("alone", "alone"), "alone extends alone"), (("one", "two"), "one extends two extends one")],
)
def test_a_circle_of_files_is_refused(tmp_path, names, circle):
    first, second = names
    write(tmp_path, first, f'extends = "{second}"\n[codes.a]\nlabel = "A"\n')
    write(tmp_path, second, f'extends = "{first}"\n[codes.b]\nlabel = "B"\n')
    with pytest.raises(ConfigError, match=circle):
        load_taxonomy(first, folder=tmp_path)


def test_all_faults_of_a_file_come_in_one_error(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(
        'id = "Bad Name"\nversion = 1.0\ntitel = "x"\n'
        '[codes.BadCode]\nlabel = "x"\n'
        '[codes.one]\ndefinition = 3\nlabell = "x"\nsynonyms = "text"\ngroup = "yes"\n'
        '[codes.two]\nlabel = "Two"\nparent = "won"\nlost_to = "competition"\n'
        '[codes.three]\nlabel = "Three"\nparent = "four"\n[codes.four]\nlabel = "Four"\nparent = "three"\n'
        '[codes.five]\nlabel = "Five"\nreplaces = ["two", "old"]\n'
        '[codes.six]\nlabel = "Six"\nreplaces = ["old"]\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_taxonomy(path)
    found = caught.value.rows
    expected = {
        "id": "snake_case",
        "version": "expected text",
        "titel": "did you mean 'title'?",
        "title": "is missing",
        "codes.BadCode.code": "snake_case",
        "codes.one.definition": "expected text",
        "codes.one.labell": "did you mean 'label'?",
        "codes.one.label": "is missing",
        "codes.one.synonyms": "expected a list",
        "codes.one.group": "true or false",
        "codes.two.parent": "did you mean",
        "codes.two.lost_to": "did you mean 'competitor'?",
        "codes.three.parent": "circle",
        "codes.four.parent": "circle",
        "codes.five.replaces": "still a code",
        "codes.six.replaces": "already replaced by 'five'",
    }
    for place, words in expected.items():
        assert any(row.startswith(f"{place}: ") and words in row for row in found), (place, found)
    assert len(found) == len(expected)
    assert f"bad.toml: {len(expected)} faults" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id = ", "not valid TOML"),
        (b"id = '\xff'", "not UTF-8"),
        (b'id = "x"\nversion = "1"\ntitle = "t"\n', r"at least one table \[codes.some_code\]"),
        (b'id = "x"\nversion = "1"\ntitle = "t"\ncodes = 3\n', r"at least one table \[codes.some_code\]"),
        (b'id = "x"\nversion = "1"\ntitle = "t"\n[codes]\none = 3\n', r"expected a table \[codes.one\]"),
    ],
)
def test_a_file_that_is_no_taxonomy(tmp_path, content, words):
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load_taxonomy(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot read the file") as caught:
        load_taxonomy(tmp_path / "none.toml")
    assert str(tmp_path / "none.toml") in str(caught.value)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "marked.toml"
    path.write_text(HEADER.format("marked") + '[codes.a]\nlabel = "Ä"\n', encoding="utf-8-sig")
    assert load_taxonomy(path).reason("a").label == "Ä"


def test_a_file_is_parsed_once_a_content_and_no_reader_sees_what_another_one_changed(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('title = "first"\n[codes.a]\nlabel = "A"\n')
    read_toml(path)["codes"]["a"]["label"] = "spoiled"
    assert read_toml(path) == {"title": "first", "codes": {"a": {"label": "A"}}}
    path.write_text('title = "other"\n')
    assert read_toml(path) == {"title": "other"}
