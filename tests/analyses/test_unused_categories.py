"""Values of lists, counted again in the rows they were planted in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from analysis_cases import Told, closed_of, counted, reason
from builders import change

from postmortem.analyses.contract import AT_ONCE
from postmortem.analyses.unused_categories import unused_categories
from postmortem.frames import Cohort
from postmortem.ground.process import Process, Stage

STAGES = ("Discovery", "Proposal", "Trial", "Closed")


def cohort() -> Cohort:
    """Return 12 deals whose process has a stage that nobody uses and one that was used once, in the past."""
    stories = counted({"lost_competitor": 7, "won": 5}, lost_to_raw="x")
    made = [Told({**s.deal, "stage": "Closed", "forecast_category": "omitted"}, s.history) for s in stories]
    words = ["Price", "Price", "Price", "Price", "Timing"]
    told = [reason(story.deal["deal_id"], "price_value", text=word) for story, word in zip(made, words, strict=False)]
    history = [
        change(3, "stage", "2025-07-10", None, "Proposal"),
        change(3, "forecast_category", "2025-07-10", None, "commit"),
    ]
    found = closed_of(made, reasons=told, history=history)
    stages = tuple(Stage(name, order) for order, name in enumerate(STAGES, start=1))
    return replace(found, book=replace(found.book, process=Process("ours", stages, {})))


def test_uses_are_counted_now_and_in_the_history() -> None:
    rows = unused_categories(cohort()).tables["values"].rows
    stages = rows[rows["list"] == "Stages"].set_index("value")
    assert stages["deals"].to_dict() == {"Closed": 12, "Proposal": 1, "Discovery": 0, "Trial": 0}
    assert stages["use"].to_dict() == {
        "Closed": "more than once", "Proposal": "once", "Discovery": "never", "Trial": "never",
    }  # fmt: skip


def test_lists_are_summed_up() -> None:
    rows = unused_categories(cohort()).tables["lists"].keyed("list")
    reasons = rows["Loss reasons, as written"]
    assert (reasons["deals"], reasons["values"], reasons["first"], reasons["first_deals"]) == (5, 2, "Price", 4)
    assert reasons["first_share"] == pytest.approx(0.8)
    assert (rows["Stages"]["never"], rows["Stages"]["once"]) == (2, 1)
    # pipeline, best case, most likely and closed are never used; unknown is no value.
    assert (rows["Forecast categories"]["values"], rows["Forecast categories"]["never"]) == (6, 4)


def test_the_sentence_counts_the_crms_lists_and_the_taxonomy_apart() -> None:
    result = unused_categories(cohort())
    lists = result.tables["lists"].rows
    own = lists[lists["list"] != "Reasons of the taxonomy"]
    assert result.headline.startswith(
        f"Of {own['values'].sum()} values in the CRM's lists, {own['never'].sum()} are never used and "
        f"{own['once'].sum()} once; of the taxonomy's "
    )
    assert result.headline.endswith("80% of 5 deals with a loss reason have the commonest one, “Price”.")


def test_free_text_is_no_list() -> None:
    made = counted({"lost_unknown": 70, "won": 5})
    told = [reason(story.deal["deal_id"], None, text=f"It was {n} things") for n, story in enumerate(made[:70])]
    assert "Loss reasons, as written" not in set(
        unused_categories(closed_of(made, reasons=told)).tables["lists"].rows["list"]
    )


def test_without_any_list_it_is_refused() -> None:
    made = [Told({**story.deal, "stage": None}, story.history) for story in counted({"won": 5, "lost_unknown": 5})]
    result = unused_categories(closed_of(made))
    assert result.status == "refused" and result.gap is not None and result.gap.arrives == AT_ONCE
