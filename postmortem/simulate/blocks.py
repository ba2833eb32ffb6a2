"""Companies too large for memory: made in blocks of accounts, each with its own draws, appended to Parquet files."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from postmortem.ground.errors import OutputBusy, UsageError
from postmortem.simulate.company import Company, build
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.writers import engagement, process_file, truth_json

DEALS_OF_A_BLOCK = 20_000
DAYS_OF_A_QUARTER = 365.25 / 4
MEAN_OVER_MEDIAN = 1.13
ONCE = ("reps", "rollouts", "guesses")
ADDED_UP = "quotas"
TRUTH_DTYPES = {
    **dict.fromkeys(("deal_id", "fate", "lost_to", "cause", "competitor", "closes_on", "died_on"), "str"),
    "price_gap": "float64",
}


def write_blocks(
    parameters: Parameters, folder: Path, deals: int, *, block: int = DEALS_OF_A_BLOCK
) -> tuple[Path, ...]:
    """Write a company of about `deals` deals into `folder`, never holding more than one block of it.

    Every block is a company of its own accounts under the same sales force, process and planted truth, so a
    larger company is more of the same. Tables grow by one row group a block.

    Parameters
    ----------
    parameters : Parameters
        The company; its deals a quarter are replaced.
    folder : Path
        Where to; made where it is missing. Files of the same names are replaced.
    deals : int
        How many deals the book should hold; it comes out within a few per cent.
    block : int
        Deals of one block; memory grows with it.

    Returns
    -------
    tuple of Path
        One .parquet a canonical table, truth.parquet (one row a deal: the lists of `Company.truth`),
        truth.json (the rest), process.toml and postmortem.toml.

    Raises
    ------
    UsageError
        When the deals are fewer than one, or the company keeps no tables but one report.
    OutputBusy
        When the folder cannot be written.
    """
    if deals < 1 or block < 1 or parameters.practice is None:
        raise UsageError(
            "Such a company cannot be written in blocks.",
            got=f"{deals} deals in blocks of {block}",
            expected="1 deal or more, and a company with all tables",
            do="use full, null or one-cause",
        )
    number = max(1, round(deals / block))
    a_quarter = max(1, round(deals / number / _quarters_in_book(parameters)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _Tables(folder) as tables:
            quotas = []
            for place in range(number):
                company = build(dataclasses.replace(parameters, block=place, deals_per_quarter=a_quarter))
                quotas.append(tables.append(company, first=place == 0))
            total = pd.concat(quotas).groupby(["rep_id", "quarter"], as_index=False, sort=False).sum()
            tables.write(ADDED_UP, total)
        rest = {name: value for name, value in company.truth.items() if name not in ("deals", "lost_to_shares")}
        rest["parameters"] = {**rest["parameters"], "block": 0, "blocks": number}
        small = {
            "truth.json": truth_json(rest),
            "process.toml": process_file(),
            "postmortem.toml": engagement(company, "parquet"),
        }
        for name, data in small.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise OutputBusy(
            "This folder cannot be written.", got=str(folder), expected=error.strerror, do="name another folder"
        ) from None
    return (*tables.paths, *(folder / name for name in small))


def _quarters_in_book(parameters: Parameters) -> float:
    """Return how many quarters' worth of deals a book holds: those over, and the ones under way at both ends."""
    cycles = parameters.outcomes.median_cycle
    cycle = sum(share * days for share, days in zip(parameters.outcomes.shares, cycles, strict=True))
    return parameters.quarters + cycle * MEAN_OVER_MEDIAN / DAYS_OF_A_QUARTER


class _Tables:
    """Parquet files that grow; closed together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> _Tables:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self._folder / f"{name}.parquet" for name in self._open)

    def append(self, company: Company, *, first: bool) -> pd.DataFrame:
        """Append a block's tables and truth, and return its quotas, which are added up over the blocks."""
        for name, frame in company.tables.items():
            if name != ADDED_UP and (first or name not in ONCE):
                self.write(name, frame)
        self.write("truth", pd.DataFrame(company.truth["deals"]).astype(TRUTH_DTYPES))
        return company.tables[ADDED_UP]

    def write(self, name: str, frame: pd.DataFrame) -> None:
        """Append a frame as one row group."""
        if name not in self._open:
            schema: Any = pa.Schema.from_pandas(frame, preserve_index=False).remove_metadata()
            self._open[name] = pq.ParquetWriter(self._folder / f"{name}.parquet", schema, compression="zstd")
        writer = self._open[name]
        writer.write_table(pa.Table.from_pandas(frame, schema=writer.schema, preserve_index=False))
