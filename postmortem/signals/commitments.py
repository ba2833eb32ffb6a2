"""How commitments are told apart, in the process file and in the record."""

from __future__ import annotations


def written(commitment: object) -> str:
    """Return a commitment as it is compared: without regard to case and to spaces."""
    return " ".join(str(commitment).split()).casefold()
