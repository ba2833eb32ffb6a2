"""Whether a deal was in the red zone without a reference or a proof of value."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, silent
from postmortem.signals.landmark import LandmarkBook
from postmortem.signals.stages import is_red, red_zone_since

PROOFS = ("reference", "pilot")


def no_proof_of_value(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the deal had reached the red zone, and no reference call or pilot had taken place.

    Notes
    -----
    A deal that has not reached the red zone may still get its proof.
    """
    events = book.table("events")
    proof = events[events["kind"].isin(PROOFS)]
    if proof.empty:
        return silent(landmarks, "the book records no reference and no pilot on any deal")
    proved = pd.Series(landmarks.index.isin(proof["row"]), index=landmarks.index)
    on_record = pd.Series(landmarks.index.isin(events["row"]), index=landmarks.index)
    fired = (is_red(book, landmarks) & ~proved).where(on_record)
    return answer(
        landmarks,
        fired,
        first=red_zone_since(book, landmarks),
        evidence="in the red zone, no reference and no pilot on record",
        unknown=on_record.map({True: "no stage on record", False: "no event on record"}),
    )


SIGNAL = Signal(
    function=no_proof_of_value,
    name="no_proof_of_value",
    label="No reference and no proof of value",
    meaning="The buyer has only been told that it will work. Unknown without events or stages, and where the book "
    "records no reference and no pilot at all.",
    causes=("no_trust_in_delivery", "brand_reference", "outcome_uncertain"),
    needs=("events",),
)
