"""The sales process: the company's own file, or what the data show of stages and their probabilities."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from postmortem.ground.config import Config
from postmortem.ground.process import Process


def process_of(config: Config, tables: Mapping[str, pd.DataFrame]) -> Process:
    """Return the configured process, else the one the tables show.

    A stage carries the probability stated with it most often. It is closed where no open deal stands in
    it, all its deals ended in one way, and no history shows a deal passing through it.
    """
    if config.process.file is not None:
        return Process.load(config.folder / config.process.file)
    deals = tables["deals"]
    passed = _passed_through(tables)
    pairs = [deals[["stage", "probability"]], passed]
    if "snapshots" in tables:
        pairs.append(tables["snapshots"][["stage", "probability"]])
    seen = pd.concat(pairs).dropna(subset=["stage"])
    stated = {str(stage): _commonest(rows["probability"]) for stage, rows in seen.groupby("stage")}
    ends = deals.dropna(subset=["stage"]).groupby("stage")["outcome"]
    single = {str(stage) for stage, outcomes in ends.unique().items() if len(outcomes) == 1 and outcomes[0] != "open"}
    left = set(passed.loc[passed["left"], "stage"].dropna()) if "left" in passed else set()
    return Process.inferred(stated, frozenset(single - left))


def _passed_through(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return every stage change with the probability set at the same moment, and whether a deal went on."""
    history = tables.get("history")
    if history is None:
        return pd.DataFrame({"stage": pd.Series(dtype="str"), "probability": pd.Series(dtype="float64")})
    moves = history[history["field"] == "stage"]
    shares = history[history["field"] == "probability"].drop_duplicates(["deal_id", "changed_at"], keep="last")
    joined = moves.merge(shares[["deal_id", "changed_at", "new_value"]], on=["deal_id", "changed_at"], how="left")
    entered = pd.DataFrame(
        {"stage": joined["new_value_x"], "probability": joined["new_value_y"].astype("float64"), "left": False}
    )
    gone = pd.DataFrame({"stage": moves["old_value"], "probability": float("nan"), "left": True})
    return pd.concat([entered, gone], ignore_index=True)


def _commonest(shares: pd.Series[float]) -> float | None:
    modes = shares.dropna().mode()
    return float(modes.iloc[0]) if len(modes) else None
