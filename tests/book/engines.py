"""The engines every reduction of a long table runs on: each takes pandas frames and what to ask of them."""

from __future__ import annotations

import duckdb
import pytest


def in_pandas(frames, ask):
    return ask(*frames).collect().to_pandas()


def in_duckdb(frames, ask):
    with duckdb.connect() as connection:
        for number, frame in enumerate(frames):
            connection.register(f"frame{number}", frame)
        return (
            ask(*(connection.table(f"frame{number}") for number in range(len(frames)))).collect("pyarrow").to_pandas()
        )


def in_polars(frames, ask):
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    return ask(*(polars.from_pandas(frame).lazy() for frame in frames)).collect().to_pandas()


def in_polars_eagerly(frames, ask):
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    return ask(*(polars.from_pandas(frame) for frame in frames)).collect().to_pandas()


ENGINES = pytest.mark.parametrize("engine", [in_pandas, in_duckdb, in_polars, in_polars_eagerly])
