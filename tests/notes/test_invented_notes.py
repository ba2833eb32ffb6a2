"""The invented notes themselves: enough of them, a third set aside, labels that the taxonomy knows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from postmortem.taxonomies import LOST_TO, load_taxonomy

NOTES = pd.read_csv(Path(__file__).with_name("notes.csv"), keep_default_na=False, dtype="str")


def test_there_are_enough_and_a_third_of_each_kind_is_set_aside() -> None:
    assert len(NOTES) == NOTES["note_id"].nunique() == NOTES["note"].nunique() >= 240
    kinds = NOTES.assign(aside=NOTES["held_out"] == "yes").groupby("kind")["aside"].agg(["sum", "size"])
    assert ((kinds["sum"] - kinds["size"] / 3).abs() < 1).all()


def test_every_label_is_one_a_deal_can_be_given() -> None:
    codes = NOTES["codes"].str.split(";").explode()
    assert set(codes) - {""} <= set(load_taxonomy("red_zone").assignable)
    assert set(NOTES["lost_to"]) - {""} <= set(LOST_TO)


def test_who_took_a_deal_is_named_in_the_note_or_hidden_by_spelling() -> None:
    took = NOTES[NOTES["competitor"] != ""]
    assert (took["lost_to"] == "competitor").all()
    unread = took[
        [name.casefold() not in note.casefold() for name, note in zip(took["competitor"], took["note"], strict=True)]
    ]
    assert set(unread["kind"]) <= {"misspelt"}
