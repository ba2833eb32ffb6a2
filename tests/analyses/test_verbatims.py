"""Quotes: nothing without consent, nothing that names an anonymous customer, three a reason at most."""

import pandas as pd
from analysis_cases import closed_of, counted, reason

from postmortem.analyses.verbatims import verbatims

CONSENTS = ("named", "anonymous", "none", None)


def cohort_with(texts, consents):
    words = [reason(f"D{i:04d}", "price_value", rater="buyer", interview_id=f"I{i}", text=text)
             for i, text in enumerate(texts, start=1)]  # fmt: skip
    held = [{"interview_id": f"I{i}", "deal_id": f"D{i:04d}", "consent": consent, "respondent_role": f"Chief {i}",
             "status": "held"} for i, consent in enumerate(consents, start=1) if consent]  # fmt: skip
    return closed_of(counted({"lost_competitor": 12}), reasons=words, interviews=held)


def test_words_without_consent_never_appear():
    """An interview that says none, and one that is not in the table of interviews at all."""
    result = verbatims(cohort_with(["first", "second", "SECRET third", "SECRET fourth"], CONSENTS))
    assert [row["quote"] for row in result.tables["quotes"].records] == ["first", "second"]
    assert "SECRET" not in str(result.to_dict())
    assert result.headline == (
        "The words of 2 of 4 buyers who were asked may be shown, 2 quotes of them here; 2 gave no leave to show theirs."
    )


def test_anonymous_words_come_without_role_and_customer():
    rows = verbatims(cohort_with(["first", "second"], CONSENTS[:2])).tables["quotes"].records
    assert [row["role"] for row in rows] == ["Chief 1", "a buyer"]
    assert rows[0]["account"] == "Account 1" and pd.isna(rows[1]["account"])


def test_anonymous_words_that_name_the_customer_are_set_aside():
    result = verbatims(cohort_with(["at Account 1 we said so", "We at ACCOUNT 2 think"], ["named", "anonymous"]))
    assert [row["quote"] for row in result.tables["quotes"].records] == ["at Account 1 we said so"]
    assert result.tables["consent"].first["naming"] == 1


def test_three_quotes_a_reason_and_none_twice():
    result = verbatims(cohort_with(["a", "a", "b", "c", "d"], ["named"] * 5))
    quotes = [row["quote"] for row in result.tables["quotes"].records]
    assert len(quotes) == len(set(quotes)) == 3
    assert result.tables["quotes"].records[0]["given"] == 5


def test_nobody_consented():
    assert verbatims(cohort_with(["a", "b"], ["none", "none"])).headline == (
        "Not answered yet: no interviews on lost deals whose words may be shown in 2024Q4 to 2025Q3."
    )
