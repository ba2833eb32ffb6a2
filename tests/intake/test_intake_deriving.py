"""What follows from the records: managers from reps, reasons, competitors, whom a deal was lost to, currencies."""

from __future__ import annotations

import pandas as pd
import pytest
from builders import FOCUS, closed
from intake_files import DEALS, as_csv, notes_on, with_changes

from postmortem.analyses.why_we_win import why_we_win
from postmortem.ground.errors import ConfigError, DataError

REPS = "rep_id,manager,team,territory,hire_date\nAnn,Max,East,North,2020-01-01\nBob,Eve,West,South,2021-01-01\n"


def test_reps_and_accounts_fill_what_deals_do_not_have(book_of) -> None:
    rows = with_changes({"account_name": "Acme"}, {"account_name": "Beta", "owner_id": "Cyd"}, {"account_name": "Acme"})
    files = {
        "deals.csv": as_csv(rows),
        "reps.csv": REPS,
        "accounts.csv": "account,sector,country\nAcme,Energy,DE\nBeta,Water,SE\n",
    }
    book = book_of(files)
    assert book.deals["manager_id"].fillna("").tolist() == ["Max", "", "Max"]
    assert book.deals["region"].fillna("").tolist() == ["North", "", "North"]
    assert book.deals["segment"].tolist() == ["Energy", "Water", "Energy"]
    assert any('"Cyd" (1)' in what for what in notes_on(book, "owner_id"))
    assert [note.rows for note in book.notes if (note.table, note.column) == ("deals", "manager_id")] == [2]
    own = book_of({**files, "deals.csv": as_csv([{**row, "manager_id": "Zed", "region": ""} for row in rows])})
    assert own.deals["manager_id"].tolist() == ["Zed"] * 3 and own.deals["region"].notna().sum() == 2


def test_accounts_are_found_by_id_where_both_have_one(book_of) -> None:
    rows = with_changes({"account_id": "A1", "account_name": "x"}, {"account_id": "A2", "account_name": "x"})
    accounts = "account_name,account_id,industry\nx,A1,Energy\ny,A2,Water\n"
    book = book_of({"deals.csv": as_csv(rows), "accounts.csv": accounts})
    assert book.deals["segment"].fillna("").tolist() == ["Energy", "Water", ""]


def test_reasons_by_the_engagements_map_first(book_of) -> None:
    rows = with_changes({"loss_reason": "Price"}, {"loss_reason": "Too dear; Price;Mystery;Price"})
    taxonomy = {"reasons": {"Too dear": "terms", "Price": {"codes": ["price_value"], "lost_to": "competitor"}}}
    book = book_of(rows, taxonomy=taxonomy)
    reasons = book.table("reasons")
    assert reasons["text"].tolist() == ["Too dear", "Price", "Mystery"]
    assert reasons["code"].fillna("").tolist() == ["terms", "price_value", ""]
    assert reasons["lost_to"].fillna("").tolist() == ["", "competitor", ""]
    assert reasons["rank"].unique().tolist() == ["contributing"]
    assert reasons["taxonomy_version"].unique().tolist() == [book.taxonomy.stamp]
    notes = notes_on(book, "loss_reason_raw")
    assert any("won deals carry a loss reason" in what for what in notes)
    assert any('the reason "Mystery" stands for no code yet' in what for what in notes)


def test_the_reason_of_a_win_is_read_by_the_same_map_and_says_nothing_of_a_taker(book_of) -> None:
    rows = [
        {**row, "outcome": outcome, "closed_at": day}
        for row, outcome, day in zip(
            with_changes(
                {"win_reason": "Price"}, {"loss_reason": "Price", "win_reason": "Charm"}, {"win_reason": "Zeal"}
            ),
            ("won", "lost", "won"), ("2025-08-01",) * 3, strict=True,
        )
    ]  # fmt: skip
    taxonomy = {"reasons": {"Price": {"codes": ["price_value"], "lost_to": "competitor"}}}
    book = book_of(rows, taxonomy=taxonomy)
    reasons = book.table("reasons").set_index("deal_id")
    assert reasons["text"].to_dict() == {"D1": "Price", "D2": "Price", "D3": "Zeal"}
    assert reasons["code"].fillna("").to_dict() == {"D1": "price_value", "D2": "price_value", "D3": ""}
    assert reasons["lost_to"].fillna("").to_dict() == {"D1": "", "D2": "competitor", "D3": ""}
    assert set(reasons["rater_type"]) == {"rep"}
    assert any('the reason "Zeal" stands for no code yet' in what for what in notes_on(book, "win_reason_raw"))
    assert not any("Zeal" in what for what in notes_on(book, "loss_reason_raw"))


def test_reasons_of_wins_stand_beside_those_of_losses(book_of) -> None:
    rows = [
        {**with_changes()[0], "deal_id": f"D{n}", "outcome": outcome, "closed_at": "2025-06-01",
         field: "Price" if n % 5 < 3 else "Timing"}
        for outcome, field, first in (("won", "win_reason", 0), ("lost", "loss_reason", 20))
        for n in range(first, first + 20)
    ]  # fmt: skip
    # one more, so that the quarter has ended by the day of the data
    rows.append({**with_changes()[0], "deal_id": "D99", "closed_at": "2025-06-30"})
    book = book_of(rows, taxonomy={"reasons": {"Price": "price_value", "Timing": "no_urgency"}})
    result = why_we_win(closed(book, FOCUS - 1))
    price = next(row for row in result.tables["reasons"].records if row["reason"] == "Price against value")
    assert (price["won"], price["won_n"], price["lost"], price["lost_n"]) == (12, 20, 12, 20)


def test_an_ambiguous_reason_has_no_code_and_is_noted_with_its_candidates(book_of) -> None:
    book = book_of(with_changes({}, {"loss_reason": "No Decision / Non-Responsive"}))
    (reason,) = book.table("reasons").itertuples()
    assert pd.isna(reason.code) and reason.rank == "primary"
    assert any("may stand for prefers_status_quo" in what for what in notes_on(book, "loss_reason_raw"))


def test_an_unknown_code_in_the_map_is_a_fault_of_the_configuration(book_of) -> None:
    with pytest.raises(ConfigError, match="loss reasons"):
        book_of(with_changes({}, {"loss_reason": "Price"}), taxonomy={"reasons": {"Price": "prize_value"}})


def test_recorded_reasons_stand_and_reps_are_added_only_where_they_said_nothing(book_of) -> None:
    rows = with_changes({}, {"loss_reason": "Price"}, {})
    rows.append({**rows[1], "deal_id": "D4"})
    reasons = "deal_id,rater_type,rank,code\nD2,rep,primary,terms\nD4,buyer,primary,terms\nD4,boss,primary,terms\n"
    book = book_of({"deals.csv": as_csv(rows), "reasons.csv": reasons})
    table = book.table("reasons").sort_values(["deal_id", "rater_type"])
    assert table[["deal_id", "rater_type", "code"]].to_numpy().tolist() == [
        ["D2", "rep", "terms"], ["D4", "buyer", "terms"], ["D4", "rep", "price_value"],
    ]  # fmt: skip
    assert book.quarantine["value"].tolist() == ["boss"] and book.rows_in["reasons"] == 3


def test_lost_to_is_recorded_for_lost_deals_alone(book_of) -> None:
    words = ("Competitor", "No Decision", "Acme", "Unknown", "")
    rows = [{**DEALS[1], "deal_id": f"L{n}", "lost_to": word} for n, word in enumerate(words)]
    book = book_of([*rows, {**DEALS[0], "lost_to": "Competitor"}], taxonomy={"lost_to": {"acme": "competitor"}})
    assert book.deals["lost_to_recorded"].fillna("").tolist() == [
        "competitor",
        "status_quo",
        "competitor",
        "unknown",
        "",
        "",
    ]
    assert book.deals["lost_to_raw"].fillna("").tolist() == [*words, "Competitor"]
    unread = book_of(rows)
    assert any('"Acme" (1)' in what and "[taxonomy.lost_to]" in what for what in notes_on(unread, "lost_to_raw"))


@pytest.mark.parametrize(
    ("cell", "lost_to", "names"),
    [
        ("Rival;Other Co\nThird", "", ["Other Co", "Rival", "Third"]),
        ("Rival, Inc", "", ["Rival, Inc"]),
        ("None", "", []),
        ("No competitor", "Competitor", []),
        ("Unknown", "", []),
        ("Unknown", "No decision", []),
        ("Unknown", "Competitor", ["unknown"]),
        ("Unknown competitor", "", ["unknown"]),
        ("Other", "", ["Other"]),
        ("Rival;Rival; ", "", ["Rival"]),
    ],
)
def test_competitors_of_a_deal(book_of, cell: str, lost_to: str, names: list[str]) -> None:
    book = book_of(with_changes({}, {"competitor": cell, "lost_to": lost_to}))
    assert sorted(book.table("competitors")["competitor"]) == names


def test_recorded_competitors_keep_their_status(book_of) -> None:
    rows = with_changes({}, {"competitor": "Rival;Third"})
    book = book_of(
        {"deals.csv": as_csv(rows), "competitors.csv": "deal_id,competitor,status\nD2,Rival,won\nD2,Fourth,?\n"}
    )
    found = dict(book.table("competitors")[["competitor", "status"]].to_numpy().tolist())
    assert found == {"Rival": "won", "Third": "present", "Fourth": "unknown"}


def test_values_of_single_competitors_and_reasons_can_be_replaced(book_of) -> None:
    rows = with_changes({}, {"competitor": "Rival Inc;Third", "loss_reason": "Dear;Late"})
    values = {"competitor_raw": {"rival inc": "Rival"}, "loss_reason_raw": {"Dear": "Price"}}
    book = book_of({"deals.csv": as_csv(rows)}, {"deals": {"file": "deals.csv", "values": values}})
    assert sorted(book.table("competitors")["competitor"]) == ["Rival", "Third"]
    assert book.table("reasons")["text"].tolist() == ["Price", "Late"]


def test_the_type_of_deal_tells_existing_customers(book_of) -> None:
    book = book_of(with_changes({"type": "Existing Business"}, {"type": "New Business"}, {"type": "Pilot"}))
    known = book.deals["is_existing_customer"]
    assert known.isna().tolist() == [False, False, True] and known[:2].tolist() == [True, False]
    own = book_of(with_changes({"type": "Existing Business", "is_existing_customer": "no"}))
    assert own.deals["is_existing_customer"].isna().tolist() == [False, True, True]
    assert not own.deals["is_existing_customer"][0]


RATES = "currency,rate,valid_from\nEUR,1.1,2025-01-01\nEUR,1.2,2025-04-01\ngbp,1.3,\nJPY,0,2025-01-01\n"
MONEY = ({"currency": "eur"}, {"currency": "EUR"}, {"currency": "USD"})


def test_one_currency_is_the_books(book_of) -> None:
    book = book_of(with_changes(*({"currency": word} for word in ("usd", "", "USD"))))
    assert book.meta.currency == "USD" and book.deals["currency"].tolist() == ["USD"] * 3
    assert any("read as USD" in what for what in notes_on(book, "currency"))
    assert book_of(DEALS).meta.currency == ""
    assert book_of(DEALS, company={"currency": "EUR"}).meta.currency == "EUR"


def test_a_currency_beside_the_amounts_is_found(book_of) -> None:
    book = book_of(with_changes(*({"amount": f"EUR {n},000"} for n in (1, 2, 3))))
    assert book.meta.currency == "EUR" and book.deals["amount"].tolist() == [1000, 2000, 3000]


def test_several_currencies_are_never_summed(book_of) -> None:
    with pytest.raises(DataError, match="2 currencies") as refused:
        book_of(with_changes(*MONEY))
    assert '"EUR" (2), "USD" (1)' in refused.value.message and "fx_rates" in refused.value.message
    with pytest.raises(DataError, match="EUR cannot be converted to USD"):
        book_of(with_changes(*MONEY), company={"currency": "USD"})
    with pytest.raises(DataError, match="USD cannot be converted to EUR"):
        book_of({"deals.csv": as_csv(with_changes(*MONEY)), "fx_rates.csv": RATES}, company={"currency": "EUR"})


def test_amounts_are_converted_at_the_rate_of_their_day(book_of) -> None:
    files = {
        "deals.csv": as_csv(with_changes({"currency": "EUR"}, {"currency": "EUR"}, {"currency": "GBP"})),
        "fx_rates.csv": RATES,
        "history.csv": "deal_id,field,changed_at,old_value,new_value\n"
        "D2,amount,2025-02-03,,1500\nD2,amount,2025-04-03,1500,2000\n",
        "competitors.csv": "deal_id,competitor,price,currency,recorded_at\n"
        "D2,Rival,100,EUR,2025-05-01\nD2,Other,100,,2025-05-01\n",
        "snapshots.csv": "as_of,deal_id,amount\n2025-02-03,D2,1500\n2025-04-01,D2,2000\n",
    }
    book = book_of(files, company={"currency": "usd"})
    # D1 closed in March at 1.1, D2 in May at 1.2; pounds have one rate from the beginning.
    assert book.deals["amount"].tolist() == pytest.approx([1000 * 1.1, 2000 * 1.2, 500 * 1.3])
    assert book.deals["currency"].tolist() == ["USD"] * 3 and book.meta.currency == "USD"
    assert book.table("snapshots")["amount"].tolist() == pytest.approx([1650, 2400])
    assert book.table("history")["new_value"].astype(float).tolist() == pytest.approx([1650, 2400])
    assert book.table("history")["old_value"].fillna("").tolist()[0] == ""
    assert book.table("competitors")["price"].tolist() == pytest.approx([120, 100])
    assert book.quarantine["reason"].tolist() == ["is not above 0"]
    assert any("was converted to USD" in what for what in notes_on(book, "amount"))


def test_an_amount_without_a_currency_among_several_is_unknown(book_of) -> None:
    files = {"deals.csv": as_csv(with_changes({"currency": "EUR"}, {"currency": "USD"}, {})), "fx_rates.csv": RATES}
    book = book_of(files, company={"currency": "USD"})
    assert pd.isna(book.deals["amount"][2]) and len(book.deals) == 3
    assert any("no currency among several" in what for what in notes_on(book, "amount"))
