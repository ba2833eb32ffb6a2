"""The sales process: what the file says, what the data let one infer, and which stages are the red zone."""

from __future__ import annotations

import pytest

from postmortem.ground.errors import ConfigError
from postmortem.ground.process import Process

WHOLE = """
name = "Our process"

[[stages]]
stage = "Discovery"
probability = 0.2
exit_commitments = ["problem owned", "sponsor named"]

[[stages]]
stage = "Proposal"
probability = 0.5

[[stages]]
stage = "Legal"
probability = 0.9
red_zone = false

[[stages]]
stage = "Parked"
probability = 0.1
red_zone = true

[[stages]]
stage = "Closed Won"
probability = 1
is_closed = true

[categories]
commit = 0.9
best_case = 0.5
"""


def write(folder, text, encoding="utf-8"):
    path = folder / "process.toml"
    path.write_text(text, encoding=encoding)
    return path


def faults_of(folder, text) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Process.load(write(folder, text))
    return caught.value.rows


def test_a_process_file_gives_stages_in_its_order(tmp_path):
    process = Process.load(write(tmp_path, WHOLE))
    assert process.name == "Our process"
    assert process.declared
    assert process.stage_names == ("Discovery", "Proposal", "Legal", "Parked", "Closed Won")
    assert [stage.order for stage in process.stages] == [1, 2, 3, 4, 5]
    assert process.stages[0].exit_commitments == ("problem owned", "sponsor named")
    assert process.categories == {"commit": 0.9, "best_case": 0.5}


def test_the_red_zone_begins_at_half_unless_the_file_says_otherwise_and_is_never_closed(tmp_path):
    assert Process.load(write(tmp_path, WHOLE)).red_zone == ("Proposal", "Parked")


def test_a_closed_stage_is_no_red_zone_even_where_the_file_says_so(tmp_path):
    text = '[[stages]]\nstage = "Closed Lost"\nis_closed = true\nred_zone = true\n'
    assert Process.load(write(tmp_path, text)).red_zone == ()


def test_the_name_of_a_nameless_file_is_its_file_name(tmp_path):
    assert Process.load(write(tmp_path, '[[stages]]\nstage = "One"\n')).name == "process"


def test_a_process_file_saved_with_a_byte_order_mark_reads_the_same(tmp_path):
    assert Process.load(write(tmp_path, WHOLE, "utf-8-sig")) == Process.load(write(tmp_path, WHOLE))


def test_all_faults_of_a_process_file_are_told_at_once(tmp_path):
    text = """
    nme = "x"
    [[stages]]
    stage = "One"
    probabilty = 0.2
    [[stages]]
    stage = "One"
    probability = 20
    [[stages]]
    probability = 0.3
    [categories]
    commit = 90
    best_case = "half"
    """
    faults = faults_of(tmp_path, text)
    assert sorted(faults) == sorted([
        "unknown key 'nme': did you mean 'name'?",
        "One: unknown key 'probabilty': did you mean 'probability'?",
        "One: probability 20 is not between 0 and 1",
        "stage 3 has no name",
        "stage 'One' is listed twice",
        "category commit: probability 90 is not between 0 and 1",
        "category best_case: probability 'half' is not between 0 and 1",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('exit_commitments = "sponsor named"', "One: exit_commitments 'sponsor named' is no list of texts"),
        ("exit_commitments = [1]", "One: exit_commitments [1] is no list of texts"),
        ('is_closed = "no"', "One: is_closed 'no' is neither true nor false"),
        ('red_zone = "no"', "One: red_zone 'no' is neither true nor false"),
        ("probability = true", "One: probability True is not between 0 and 1"),
        ("probability = nan", "One: probability nan is not between 0 and 1"),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_fault_and_never_read_as_something_else(tmp_path, line, fault):
    assert faults_of(tmp_path, f'[[stages]]\nstage = "One"\n{line}\n') == (fault,)


@pytest.mark.parametrize("text", ["", "stages = []\n", 'stages = "One"\n', "[stages]\nstage = 'One'\n"])
def test_a_file_without_stages_is_refused(tmp_path, text):
    assert "it lists no [[stages]]" in faults_of(tmp_path, text)


@pytest.mark.parametrize("content", [b"[[stages]\n", b"name = '\xff'\n"])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "process.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        Process.load(path)


def test_a_missing_file_is_named_without_its_folder(tmp_path):
    with pytest.raises(ConfigError, match="no such process file") as caught:
        Process.load(tmp_path / "ours.toml")
    assert "'ours.toml'" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_without_a_file_stages_are_ordered_by_probability_and_closed_ones_come_last():
    process = Process.inferred(
        {"Legal": 0.8, "Closed Lost": 0.0, "Discovery": 0.1, "Proposal": 0.5, "Odd": None},
        frozenset({"Closed Lost"}),
    )
    assert process.stage_names == ("Odd", "Discovery", "Proposal", "Legal", "Closed Lost")
    assert process.red_zone == ("Proposal", "Legal")
    assert not process.declared
    assert process.categories == {}


def test_where_neither_file_nor_data_tell_there_is_no_red_zone():
    assert Process.inferred({"One": None, "Two": None}, frozenset()).red_zone == ()
