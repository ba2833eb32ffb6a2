"""Floor 5: one question a file. `ANALYSES` is the whole list; `cache.cached` answers from what is known.

To add an analysis: one file named after its function, ending in ``ANALYSIS = Analysis(...)``, and one line
below.
"""

from __future__ import annotations

from importlib import import_module

from postmortem.analyses.contract import Analysis, Need
from postmortem.ground.errors import UsageError, nearest

NAMES: tuple[str, ...] = (
    "quarter_outcome",
    "forecast_waterfall",
    "forecast_leakage",
    "category_transitions",
    "weekly_moves",
    "close_date_pushes",
    "loss_destination",
    "competitor_or_status_quo",
    "costliest_losses",
    "reasons_recorded",
    "note_suggestions",
    "first_in_list",
    "reasons_by_rater",
    "price_and_its_other_names",
    "lost_to_by_rater",
    "rater_agreement",
    "double_coding",
    "verbatims",
    "why_we_win",
    "competitor_head_to_head",
    "competitor_deals",
    "competitor_trend",
    "price_cited",
    "reasons_over_time",
    "corrected_reasons",
    "corrected_lost_to",
    "review_findings",
    "proposal_left_alone",
    "silence_and_competitors",
    "experience_and_product",
    "loss_share",
    "quarter_run",
    "time_to_loss",
    "time_to_loss_by_group",
    "stage_at_loss",
    "forecast_calibration",
    "wishful_thinking",
    "mix_shift",
    "lost_long_before",
    "eventual_split",
    "forecast_while_dead",
    "ecosystem_buckets",
    "rollout_comparison",
    "quota_scenario",
    "territory_after_owner_change",
    "first_90_days",
    "variance_shares",
    "rep_variation",
    "rep_funnel",
    "interview_coverage",
    "six_causes",
    "warning_signals",
    "warning_lead_time",
    "flagged_forecast",
    "joint_attributable_share",
    "unmet_commitments",
    "playbook",
    "five_mistakes",
    "field_completeness",
    "impossible_dates",
    "close_date_heaping",
    "unused_categories",
    "rows_used",
    "not_understood",
    "deal_timeline",
    "deal_reasons",
    "similar_deals",
    "open_questions",
    "outlook_validation",
    "watchlist",
    "watchlist_money",
)
ANALYSES: tuple[Analysis, ...] = tuple(import_module(f"{__name__}.{name}").ANALYSIS for name in NAMES)


def find(name: str) -> Analysis:
    """Return the analysis called `name`, or raise `UsageError` with the nearest one."""
    for analysis in ANALYSES:
        if analysis.name == name:
            return analysis
    raise UsageError("There is no such analysis.", got=name, do=nearest(name, NAMES))


__all__ = ["ANALYSES", "NAMES", "Analysis", "Need", "find"]
