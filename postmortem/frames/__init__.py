"""Floor 4: which deals a question is about, and what became of each."""

from postmortem.frames.choose import choose_cohort
from postmortem.frames.closed import closed_cohort
from postmortem.frames.cohort import Cohort
from postmortem.frames.engagement import Engagement, load_frame
from postmortem.frames.forecast import forecast_cohort

__all__ = ["Cohort", "Engagement", "choose_cohort", "closed_cohort", "forecast_cohort", "load_frame"]
