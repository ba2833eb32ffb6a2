"""A company written in blocks is more of the same: one sales force, other accounts, equal planted shares."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from postmortem.cli.app import start
from postmortem.ground import schema
from postmortem.ground.config import load_config
from postmortem.ground.errors import OutputBusy, UsageError
from postmortem.intake import load_book
from postmortem.simulate import build, preset_parameters, write_blocks

DEALS, BLOCK = 3_000, 1_000
SMALL = replace(preset_parameters("full"), quarters=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("blocks")
    write_blocks(SMALL, folder, DEALS, block=BLOCK)
    return folder


@pytest.fixture(scope="module")
def tables(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in folder.glob("*.parquet")}


@pytest.mark.thorough
def test_there_are_about_as_many_deals_as_asked_for_in_one_row_group_a_block(folder, tables):
    import pyarrow.parquet as pq

    assert abs(len(tables["deals"]) - DEALS) < 0.1 * DEALS
    assert pq.ParquetFile(folder / "deals.parquet").num_row_groups == DEALS // BLOCK
    assert json.loads((folder / "truth.json").read_text())["parameters"]["blocks"] == DEALS // BLOCK


@pytest.mark.thorough
def test_tables_of_the_blocks_are_canonical_with_unique_keys(tables):
    assert set(tables) == {"truth", *build(replace(SMALL, deals_per_quarter=3)).tables}
    for name, frame in tables.items():
        if name == "truth":
            continue
        known = schema.table(name)
        assert tuple(frame.columns) == known.names
        if known.key:
            assert not frame.duplicated(list(known.key)).any(), name
    assert tables["deals"]["account_id"].nunique() == tables["deals"]["account_name"].nunique()
    assert set(tables["history"]["deal_id"]) == set(tables["deals"]["deal_id"]) == set(tables["truth"]["deal_id"])
    assert set(tables["reasons"]["interview_id"].dropna()) <= set(tables["interviews"]["interview_id"])


def test_blocks_share_the_sales_force_and_differ_in_everything_else(tables):
    deals = tables["deals"]
    block = deals["account_name"].str.extract(r" (\d+) ")[0].fillna("1").astype(int)
    assert sorted(block.unique()) == [1, 2, 3]
    amounts = [set(zip(deals["created_at"][block == n], deals["amount"][block == n], strict=True)) for n in (1, 2, 3)]
    assert len(amounts[0] & amounts[1]) < 20
    assert all(deals["owner_id"][block == n].isin(tables["reps"]["rep_id"]).all() for n in (1, 2, 3))
    assert len(tables["reps"]) == 24 and len(tables["rollouts"]) <= 4


def test_blocks_give_the_same_kind_of_book(tables):
    truth, whole = tables["truth"], build(replace(SMALL, deals_per_quarter=520, seed=8))
    one = pd.DataFrame(whole.truth["deals"])
    for frame_of in (lambda t: t["lost_to"].fillna("won"), lambda t: t["has_true_buyer_not_engaged"].astype(str)):
        mine, theirs = frame_of(truth), frame_of(one)
        for value in mine.unique():
            shares = (mine == value).mean(), (theirs == value).mean()
            error = np.sqrt(shares[0] * (1 - shares[0]) * (1 / len(mine) + 1 / len(theirs)))
            assert abs(shares[0] - shares[1]) < 4 * error, value
    for name in ("history", "events", "milestones", "contacts"):
        a_deal = len(tables[name]) / len(truth), len(whole.tables[name]) / len(one)
        assert abs(a_deal[0] - a_deal[1]) < 0.06 * a_deal[1], name


def test_attained_is_added_up_over_the_blocks(tables):
    won = tables["deals"][tables["deals"]["outcome"] == "won"]
    quarter = won["closed_at"].dt.to_period("Q").astype("str")
    attained = won.groupby([won["owner_id"], quarter])["amount"].sum()
    quotas = tables["quotas"]
    assert np.allclose(
        quotas["attained"], attained.reindex(pd.MultiIndex.from_frame(quotas[["rep_id", "quarter"]])).fillna(0)
    )


def test_the_first_block_is_the_company_itself(tables, folder):
    alone = build(
        replace(
            SMALL, deals_per_quarter=json.loads((folder / "truth.json").read_text())["parameters"]["deals_per_quarter"]
        )
    )
    first = tables["deals"].head(len(alone.tables["deals"]))
    # A file of flags without a missing one reads as plain booleans.
    pd.testing.assert_frame_equal(first.astype(alone.tables["deals"].dtypes), alone.tables["deals"])


@pytest.mark.thorough
def test_the_folder_is_read_as_a_book_and_equal_seeds_write_it_again(tmp_path):
    one, again = tmp_path / "one", tmp_path / "again"
    for folder in (one, again):
        write_blocks(replace(SMALL, quarters=1), folder, 120, block=60)
    book = load_book(load_config(one))
    assert book.quarantine.empty and len(book.deals) == len(pd.read_parquet(one / "deals.parquet")) > 80
    assert len(book.tables["events"]) == len(pd.read_parquet(one / "events.parquet")) > 500
    for path in one.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_what_cannot_be_written_in_blocks_is_refused(tmp_path):
    with pytest.raises(UsageError, match="blocks"):
        write_blocks(preset_parameters("plain"), tmp_path, 100)
    with pytest.raises(UsageError, match="blocks"):
        write_blocks(SMALL, tmp_path, 0)
    (tmp_path / "taken").write_text("x")
    with pytest.raises(OutputBusy):
        write_blocks(SMALL, tmp_path / "taken", 10)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one-cause", "no_trust", "X"], "no_trust_in_delivery"),
        (["one-cause", "X"], "six red-zone causes"),
        (["full", "no_trust_in_delivery", "X"], "Only the company one-cause takes a cause"),
        (["full", "a", "b", "X"], "one folder"),
        (["full", "X", "--deals", "9", "--deals-per-quarter", "9"], "one of --deals"),
        (["plain", "X", "--deals", "9"], "blocks"),
    ],
)
def test_the_command_says_what_is_wrong(words, said, tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        start(["simulate", *(str(tmp_path / "x") if word == "X" else word for word in words)])
    assert left.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x").exists()


def test_the_command_writes_one_cause_and_blocks(tmp_path, capsys):
    for words in (
        ["one-cause", "true_buyer_not_engaged", str(tmp_path / "one"), "--quarters", "1", "--deals-per-quarter", "20"],
        ["null", str(tmp_path / "null"), "--quarters", "1", "--deals", "50"],
    ):
        with pytest.raises(SystemExit) as left:
            start(["simulate", *words])
        assert left.value.code == 0
        assert all(Path(line).is_file() for line in capsys.readouterr().out.splitlines())
    planted = json.loads((tmp_path / "one" / "truth.json").read_text())["parameters"]["practice"]["marking"]
    assert planted["prevalence"]["true_buyer_not_engaged"] == [0.25, 0.45]
    assert (tmp_path / "null" / "truth.parquet").is_file()
