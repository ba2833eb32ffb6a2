"""Floor 4: signals, one detector a file: warnings that could be seen on a deal before it ended. `SIGNALS` is the list.

To add a signal: one file named after its detector, ending in ``SIGNAL = Signal(...)``, one line below, and its
name under the codes of a taxonomy it points to.
"""

from __future__ import annotations

from importlib import import_module

from postmortem.ground.errors import UsageError, nearest
from postmortem.signals.contract import Signal

NAMES: tuple[str, ...] = (
    "no_qualification_commitment",
    "forecast_soon_after_creation",
    "stage_skipped_or_back",
    "no_buyer_contact",
    "exit_commitment_unmet",
    "no_agreed_next_step",
    "pushed_twice",
    "expected_close_passed",
    "committed_while_silent",
    "no_proof_of_value",
    "proposal_left_alone",
    "single_contact",
    "no_economic_buyer",
    "new_decision_maker_late",
    "stalled_in_stage",
    "late_review_contact",
    "scope_changed_late",
    "proposal_before_discovery",
    "existing_customer_without_discovery",
    "competitor_named_late",
    "owner_changed",
)
SIGNALS: tuple[Signal, ...] = tuple(import_module(f"{__name__}.{name}").SIGNAL for name in NAMES)


def find(name: str) -> Signal:
    """Return the signal called `name`, or raise `UsageError` with the nearest one."""
    for signal in SIGNALS:
        if signal.name == name:
            return signal
    raise UsageError("There is no such signal.", got=name, do=nearest(name, NAMES))


__all__ = ["NAMES", "SIGNALS", "Signal", "find"]
