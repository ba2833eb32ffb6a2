"""CRM data nobody here wrote, from `init` to the page: what can be right is right, what is unknown is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from postmortem.analyses.quarter_outcome import quarter_outcome
from postmortem.cli.app import start
from postmortem.frames import Engagement
from postmortem.report.run import run_quarter

pytestmark = pytest.mark.thorough
# Counted from the published file with Python's csv module: deals by stage and quarter of close_date.
LOST_AND_WON = {"2017Q2": (778, 1254), "2017Q3": (790, 1257), "2017Q4": (789, 1196)}


@pytest.fixture(scope="module")
def engagement(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engagement:
    """Return the engagement `init` proposes, with one line of it edited."""
    export = request.getfixturevalue("real_data") / "maven_crm"
    folder = tmp_path_factory.mktemp("maven")
    with pytest.raises(SystemExit) as left:
        start(["init", str(folder), "--from", str(export)])
    assert not left.value.code
    toml = folder / "postmortem.toml"
    lines = toml.read_text(encoding="utf-8").splitlines()
    edited = ['"GTXPro" = "GTX Pro"' if line.startswith('# "GTXPro"') else line for line in lines]
    assert sum(before != after for before, after in zip(lines, edited, strict=True)) == 1
    toml.write_text("\n".join(edited), encoding="utf-8")
    return Engagement.open(folder)


def test_lost_and_won_deals_by_quarter(engagement: Engagement) -> None:
    book = engagement.book()
    for quarter, counts in LOST_AND_WON.items():
        fates = quarter_outcome(engagement.frame(quarter, book=book)).tables["fates"].keyed("fate")
        assert (fates["lost_unknown"]["deals"], fates["won"]["deals"]) == counts


def test_the_value_of_a_lost_deal_is_unknown_and_not_nothing(engagement: Engagement) -> None:
    fates = quarter_outcome(engagement.frame("2017Q3")).tables["fates"].keyed("fate")
    assert fates["lost_unknown"]["without_amount"] == 790
    assert not fates["lost_unknown"]["amount"] > 0


def test_the_two_spellings_of_a_product_are_one(engagement: Engagement) -> None:
    products = set(engagement.book().deals["product"])
    assert "GTX Pro" in products
    assert "GTXPro" not in products


def test_the_front_page_says_what_these_data_are_not(engagement: Engagement, tmp_path: Path) -> None:
    made = run_quarter(engagement, "2017Q4", notebooks=["00", "01"], output=tmp_path)
    index = (made.folder / "index.html").read_text(encoding="utf-8")
    assert "not the deals that were forecast" in index
    assert "none carry a loss reason and none say who took the deal" in index
    assert "789 lost (amounts not recorded)" in index
    results = json.loads((made.folder / "findings.json").read_text(encoding="utf-8"))
    by_status = {result["analysis"]: result["status"] for result in results}
    assert by_status["reasons_recorded"] == by_status["forecast_waterfall"] == "refused"
