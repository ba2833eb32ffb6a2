"""The configuration: who wins over whom, and every fault at once with the nearest setting that exists."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from postmortem.ground.config import FILE_NAME, build_config, load_config
from postmortem.ground.errors import ConfigError
from postmortem.ground.schema import FORECAST_DEFAULT


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    for name in [name for name in os.environ if name.startswith("POSTMORTEM_")]:
        monkeypatch.delenv(name)


def write(folder, text, encoding="utf-8"):
    (folder / FILE_NAME).write_text(text, encoding=encoding)
    return folder


def faults_of(folder, flags=None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load_config(folder, flags)
    return caught.value.rows


def test_flags_win_over_variables_over_the_file_over_defaults(tmp_path, monkeypatch):
    folder = write(tmp_path, "[frame]\nwindow = 2\nsnapshot_day = 7\nkind = 'closed'\n")
    monkeypatch.setenv("POSTMORTEM_FRAME__WINDOW", "3")
    monkeypatch.setenv("POSTMORTEM_FRAME__KIND", "forecast")
    config = load_config(folder, {"frame.window": 5})
    assert (config.frame.window, config.origin("frame.window")) == (5, "command line")
    assert (config.frame.kind, config.origin("frame.kind")) == ("forecast", "POSTMORTEM_FRAME__KIND")
    assert (config.frame.snapshot_day, config.origin("frame.snapshot_day")) == (7, "postmortem.toml")
    assert (config.frame.categories, config.origin("frame.categories")) == (FORECAST_DEFAULT, "default")


def test_a_flag_that_was_not_given_changes_nothing(tmp_path):
    config = load_config(write(tmp_path, "[frame]\nwindow = 2\n"), {"frame.window": None, "report.output": None})
    assert (config.frame.window, config.origin("frame.window")) == (2, "postmortem.toml")
    assert (config.report.output, config.origin("report.output")) == ("reports", "default")


def test_flags_and_variables_reach_sections_the_file_does_not_have(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_COMPANY__NAME", "Acme")
    config = load_config(write(tmp_path, ""), {"fiscal.start_month": 2})
    assert (config.company.name, config.fiscal.calendar.start_month) == ("Acme", 2)


def test_a_variable_with_several_values_separates_them_by_commas(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_FRAME__CATEGORIES", "commit,best_case")
    assert load_config(write(tmp_path, "")).frame.categories == ("commit", "best_case")


def test_a_variable_that_names_no_section_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_WINDOW", "3")
    with pytest.raises(ConfigError, match="POSTMORTEM_SECTION__KEY"):
        load_config(write(tmp_path, ""))


def test_the_variable_for_the_cache_is_no_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_CACHE", "somewhere")
    assert load_config(write(tmp_path, "")).frame.window == 4


def test_a_variable_over_a_section_written_as_a_value_is_a_fault_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_FRAME__WINDOW", "3")
    with pytest.raises(ConfigError, match="frame"):
        load_config(write(tmp_path, "frame = 3\n"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[frame]\nwndow = 3\n", "frame.wndow: no such setting, did you mean 'window'?"),
        ("[fram]\nwindow = 3\n", "fram: no such setting, did you mean 'frame'?"),
        (
            '[tables.deals]\nfile = "d.csv"\ncolums = {}\n',
            "tables.deals.colums: no such setting, did you mean 'columns'?",
        ),
        (
            '[taxonomy.reasons]\nPrice = { code = ["price_value"] }\n',
            "taxonomy.reasons.Price.ReasonMap.code: no such setting, did you mean 'codes'?",
        ),
        ('[tables.dealz]\nfile = "d.csv"\n', "tables.dealz: no table of a book, did you mean 'deals'?"),
        (
            '[tables.deals]\nfile = "d.csv"\n[tables.deals.columns]\nowner = "Rep"\n',
            "tables.deals.columns.owner: no column of deals, did you mean 'owner_id'?",
        ),
        (
            '[tables.deals]\nfile = "d.csv"\n[tables.deals.values.outcom]\nWon = "won"\n',
            "tables.deals.values.outcom: no column of deals, did you mean 'outcome'?",
        ),
        (
            '[tables.deals]\nfile = "d.csv"\n[tables.deals.constants]\ncurency = "EUR"\n',
            "tables.deals.constants.curency: no column of deals, did you mean 'currency'?",
        ),
        (
            '[frame]\ncategories = ["comit"]\n',
            "frame.categories: 'comit' is no forecast category; did you mean 'commit'?",
        ),
    ],
)
def test_an_unknown_word_is_answered_with_the_nearest_one(tmp_path, text, fault):
    assert fault in faults_of(write(tmp_path, text))


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    text = """
    colour = "red"
    [company]
    time_zone = "Mars/Olympus"
    [fiscal]
    start_month = 13
    [frame]
    window = 0
    [data]
    extracted_on = "soon"
    [tables.dealz]
    file = "deals.csv"
    [tables.reaons]
    file = "reasons.csv"
    """
    faults = faults_of(write(tmp_path, text))
    places = {fault.split(":")[0] for fault in faults}
    assert places == {
        "colour", "company.time_zone", "fiscal.start_month", "frame.window", "data.extracted_on",
        "tables.dealz", "tables.reaons",
    }  # fmt: skip
    assert len(faults) == len(places)


def test_the_count_in_the_message_is_the_count_of_faults(tmp_path):
    with pytest.raises(ConfigError, match="1 setting that"):
        load_config(write(tmp_path, "[frame]\nwindow = 0\n"))
    with pytest.raises(ConfigError, match="2 settings that"):
        load_config(write(tmp_path, "[frame]\nwindow = 0\nsnapshot_day = 0\n"))


def test_faults_of_flags_and_variables_are_told_like_those_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setenv("POSTMORTEM_FRAME__SNAPSHOT_DAY", "soon")
    faults = faults_of(write(tmp_path, ""), {"frame.widow": 3})
    assert {fault.split(":")[0] for fault in faults} == {"frame.snapshot_day", "frame.widow"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_saved_with_a_byte_order_mark_reads_the_same(tmp_path, encoding):
    config = load_config(write(tmp_path, '[company]\nname = "Müller & Söhne"\n', encoding))
    assert config.company.name == "Müller & Söhne"


@pytest.mark.parametrize("content", [b"[company\n", b"[company]\nname = 'M\xfcller'\n"])
def test_a_file_that_is_no_toml_is_an_error_of_the_configuration(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(tmp_path)


def test_a_folder_without_a_file_is_told_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="postmortem init"):
        load_config(tmp_path)


def test_an_empty_file_is_a_whole_configuration(tmp_path):
    config = load_config(write(tmp_path, ""))
    assert config == build_config({}, tmp_path)
    assert config.folder == tmp_path
    assert config.data.extracted_on is None
    assert config.company.currency is None


def test_values_are_typed_as_declared(tmp_path):
    text = """
    [company]
    currency = "EUR"
    time_zone = "Europe/Berlin"
    [data]
    extracted_on = 2025-10-06
    [taxonomy.reasons]
    "007" = "price_value"
    "Price" = { codes = ["price_value", "terms"], lost_to = "competitor" }
    """
    config = load_config(write(tmp_path, text))
    assert config.data.extracted_on == dt.date(2025, 10, 6)
    assert config.taxonomy.reasons["007"] == "price_value"
    assert config.taxonomy.reasons["Price"].codes == ["price_value", "terms"]


def test_a_configuration_cannot_be_changed_afterwards(tmp_path):
    config = load_config(write(tmp_path, ""))
    with pytest.raises(ValueError, match="frozen"):
        config.frame.window = 8


def test_a_forecast_needs_a_category(tmp_path):
    assert faults_of(write(tmp_path, "[frame]\ncategories = []\n")) == (
        "frame.categories: at least one forecast category is needed",
    )
