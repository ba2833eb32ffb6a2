"""How well the commitments of the playbook were kept, by what the buyers of the made deals did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis_cases import FORECAST, answer_of, cohort_of

from postmortem.analyses import find


def test_commitments_kept_are_those_told():
    # Every deal named a date, two of three a budget.
    kept = answer_of("playbook", FORECAST).tables["commitments"].keyed("commitment")
    assert kept["Date named"]["window_share"] == 1.0
    assert kept["Budget named"]["window_share"] == pytest.approx(2 / 3, abs=0.05)
    assert kept["Date named"]["window_left"] == kept["Budget named"]["window_left"] > 0


def test_every_remedy_is_said_once_with_all_commitments_it_serves():
    process = cohort_of(FORECAST).book.process
    tables = answer_of("playbook", FORECAST).tables
    remedies = tables["remedies"].rows
    assert remedies["remedy"].is_unique and "remedy" not in tables["stages"].rows
    told = [name for text in remedies["commitments"] for name in text.split("; ")]
    assert sorted(told) == sorted(name for stage in process.stages for name in stage.exit_commitments)


def test_a_stage_with_a_remedy_of_its_own_stands_apart():
    cohort = cohort_of(FORECAST)
    process = cohort.book.process
    last = next(stage for stage in reversed(process.stages) if not stage.is_closed)
    stages = tuple(
        replace(stage, exit_commitments=("Signed off",), remedy="Ask for it.") if stage is last else stage
        for stage in process.stages
    )
    own = replace(cohort, book=replace(cohort.book, process=replace(process, stages=stages)))
    remedies = find("playbook").function(own).tables["remedies"].rows.set_index("remedy")
    assert remedies.loc["Ask for it.", ["stages", "commitments"]].tolist() == [last.stage, "Signed off"]
    assert len(remedies) == 2
