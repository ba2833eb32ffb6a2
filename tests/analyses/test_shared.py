"""Every analysis as it is shared: what its sentence, tables and picture still say to a client and to an outsider."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd
import pytest
from analysis_cases import answer_of, cohort_of
from matplotlib.figure import Figure

from postmortem.book.identities import Finder, Pseudonyms, identities
from postmortem.findings import ANALYSES, OVERVIEWS
from postmortem.report.sharing.redact import Terms, redact
from postmortem.report.sharing.small_cells import LEAST
from postmortem.result import Result

NAMES = [entry.name for entry in (*ANALYSES, *OVERVIEWS)]
EDITIONS = {"client": {}, "outside": {}, "outside, deals": {"show_deals": True}}
FRAME = "forecast"
# A heading of these pages, and what the hand-made book calls one of its raters.
HEADINGS = frozenset({"manager"})
every_analysis = pytest.mark.parametrize("name", NAMES)
every_edition = pytest.mark.parametrize(
    "edition", [pytest.param(each, marks=pytest.mark.thorough if "deals" in each else []) for each in EDITIONS]
)


@cache
def terms_of(edition: str) -> Terms:
    names = identities(cohort_of(FRAME).book)
    return Terms(edition.split(",")[0], Pseudonyms(b"key"), names, **EDITIONS[edition])


@cache
def shared(edition: str) -> dict[str, Result | None]:
    results = [answer_of(name, FRAME) for name in NAMES]
    return dict(zip(NAMES, redact(results, terms_of(edition)), strict=True))


@cache
def hidden_from(edition: str) -> Finder:
    terms = terms_of(edition)
    shown = [name for kind, names in terms.names.items() if kind not in terms.hidden for name in names]
    return Finder({kind: terms.names[kind] for kind in terms.hidden}, allowed=shown, ordinary=HEADINGS)


def texts(result: Result) -> list[str]:
    said = [result.headline, *result.caveats, *result.what_is_missing, result.unlock, *map(str, result.params.values())]
    for table in result.tables.values():
        said += [table.title, *(column.label for column in table.columns)]
        for column in table.columns:
            if isinstance(table.rows[column.name].dtype, pd.StringDtype):
                said += list(table.rows[column.name].dropna())
    return said


@every_edition
@every_analysis
def test_no_hidden_name_is_left_in_any_text(name: str, edition: str) -> None:
    result = shared(edition)[name]
    if result is not None:
        assert not [found for text in texts(result) for found in hidden_from(edition).find(text)]


@every_edition
@every_analysis
def test_the_sentence_is_still_one(name: str, edition: str) -> None:
    result = shared(edition)[name]
    if result is not None:
        assert result.headline.endswith(".") and result.headline.isprintable()
        assert not re.search(r"\b(nan|NaT|unknown|None(?! of))\b|<NA>", result.headline)


@every_analysis
def test_a_client_reads_the_figures_of_the_report(name: str) -> None:
    """Redacting recomputes nothing: every figure is the one before, in the same place."""
    before, after = answer_of(name, FRAME), shared("client")[name]
    assert after is not None and (after.n_in, after.n_used, after.status) == (before.n_in, before.n_used, before.status)
    for key, table in before.tables.items():
        numbers = [column.name for column in table.columns if column.role in ("count", "estimate", "money", "date")]
        pd.testing.assert_frame_equal(after.tables[key].rows[numbers], table.rows[numbers])


@every_analysis
def test_an_outsider_reads_no_small_count_no_refusal_and_no_quote(name: str) -> None:
    result = shared("outside")[name]
    if result is None:
        return
    assert result.status != "refused" and not 0 < result.n_used < LEAST
    for table in result.tables.values():
        for column in table.columns:
            assert column.role != "quote"
            if column.role == "count":
                shown = table.rows[column.name].dropna()
                assert not shown.between(1, LEAST - 1).any(), (table.title, column.name)
            if column.role in ("deal", "account"):
                assert table.rows.empty


@pytest.mark.parametrize("name", [entry.name for entry in (*ANALYSES, *OVERVIEWS) if entry.draw])
@pytest.mark.thorough
def test_the_picture_an_outsider_gets_is_drawn(name: str) -> None:
    result = shared("outside")[name]
    if result is not None and result.has_picture:
        axes = Figure().add_subplot()
        result.plot(axes)
        written = " ".join(text.get_text() for text in axes.findobj(match=lambda artist: hasattr(artist, "get_text")))
        assert not hidden_from("outside").find(written)
        assert "Nothing to draw" not in written


@pytest.mark.thorough
def test_what_people_see_of_single_deals_is_coarse() -> None:
    result = shared("outside, deals")["costliest_losses"]
    assert result is not None
    table = result.tables["losses"]
    assert len(table.rows) and all(re.fullmatch(r"Customer [A-Z2-7]{7}", text) for text in table.rows["account"])
    assert all(float(f"{amount:.2g}") == amount for amount in table.rows["amount"])
    assert table.rows["owner"].isna().all(), "a deal and its owner together would tell who stands behind a pseudonym"
