"""Exploring shows the very result that the function returns, and says what is missing where it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import closed, deal, make_book

import postmortem as pm
from postmortem import explorer
from postmortem.analyses import ANALYSES, find
from postmortem.explorer import choices_of
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement
from postmortem.ground import resources
from postmortem.ground.errors import UsageError

REASON = "ipywidgets is not installed: pip install deal-postmortem[lab]"


@pytest.fixture(scope="module")
def frame() -> Cohort:
    pytest.importorskip("ipywidgets", reason=REASON)
    return pm.load_frame("2025Q3", folder=str(resources.sample("plain")))


@pytest.fixture(autouse=True)
def _draw_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "_drawn", lambda result: b"picture of " + result.analysis.encode())


@pytest.fixture
def asked(frame: Cohort) -> explorer.Explorer:
    return pm.explore(frame, folder=str(resources.sample("plain")))


def test_it_begins_with_the_frame_it_was_given(asked: explorer.Explorer, frame: Cohort) -> None:
    assert (asked.quarter.value, asked.window.value) == ("2025Q3", 4)
    assert asked.result is not None
    assert asked.result.to_dict() == pm.quarter_outcome(frame).to_dict()
    assert asked._picture.value == b"picture of quarter_outcome"


@pytest.mark.thorough
def test_every_choice_leads_to_the_result_of_the_same_call(asked: explorer.Explorer, frame: Cohort) -> None:
    asked.analysis.value = "loss_share"
    assert list(asked.choices) == ["measure", "by"]
    asked.choices["by"].value, asked.choices["measure"].value = "region", "competitor"
    asked.quarter.value = "2025Q1"
    asked.window.value = 2
    other = Engagement.open(resources.sample("plain")).frame("2025Q1", window=2, as_of=frame.as_of, book=frame.book)
    assert asked.result is not None
    assert asked.result.to_dict() == pm.loss_share(other, by="region", measure="competitor").to_dict()
    assert asked.result.headline in asked._said.value


def test_a_refusal_is_shown_without_a_picture(asked: explorer.Explorer) -> None:
    asked.analysis.value = "review_findings"
    assert asked.result is not None and asked.result.status == "refused"
    assert "Not answered yet" in asked._said.value
    assert asked._picture.layout.display == "none"


def test_a_quarter_without_deals_says_so(asked: explorer.Explorer, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Cohort:
        raise UsageError("No <deal> in this quarter.")

    monkeypatch.setattr(explorer, "_again", refuse)
    asked.quarter.value = "2024Q4"
    assert asked.result is None
    assert "No &lt;deal&gt; in this quarter." in asked._said.value


def test_a_frame_that_the_settings_do_not_give_keeps_its_quarter_and_window(frame: Cohort) -> None:
    part = pm.part_of(frame, "region", str(frame.table["region"].dropna().iloc[0]))
    asked = pm.explore(part, folder=str(resources.sample("plain")))
    assert asked.quarter.disabled and asked.window.disabled
    assert asked.quarter.options == ("2025Q3",)
    assert asked.result is not None
    assert asked.result.to_dict() == pm.quarter_outcome(part).to_dict()


def test_what_can_be_chosen_is_read_from_the_analysis() -> None:
    assert choices_of(find("loss_share"))["by"][0] == "segment"
    assert set(choices_of(find("mix_shift"))) == {"by"}
    assert choices_of(find("quarter_outcome")) == {}
    assert sum(bool(choices_of(analysis)) for analysis in ANALYSES) >= 5


def test_without_ipywidgets_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(explorer, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"deal-postmortem\[lab\]"):
        pm.explore(closed(make_book([deal(1, "lost", "2025-08-14")])))
