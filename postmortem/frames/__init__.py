"""Floor 4: which deals a question is about, and what became of each."""

from postmortem.frames.choose import choose_cohort
from postmortem.frames.closed import closed_cohort
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement, load_frame
from postmortem.frames.first_forecast import first_forecast_cohort
from postmortem.frames.forecast import forecast_cohort
from postmortem.frames.late_stage import late_stage_cohort
from postmortem.frames.open_forecast import open_forecast

__all__ = [
    "Cohort", "Engagement", "choose_cohort", "closed_cohort", "first_forecast_cohort", "forecast_cohort",
    "late_stage_cohort", "load_frame", "open_forecast",
]  # fmt: skip
