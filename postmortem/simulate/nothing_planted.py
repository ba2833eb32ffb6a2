"""Companies in which nothing sets won deals apart from lost ones, or one red-zone cause alone."""

from __future__ import annotations

from dataclasses import replace

from postmortem.ground.errors import UsageError, nearest
from postmortem.simulate.parameters import FATES, Parameters
from postmortem.simulate.practice import BLINDSIDES, Activity, Influences, Interviewing, Marking, Practice, Reviewing

ALIKE_SHARES = (0.577, 0.177, 0.193, 0.053)
ALIKE_STAGES = (0.02, 0.03, 0.08, 0.24, 0.63)
ALIKE_CYCLE = 110.0
ALIKE_ENDS = (0.25, 0.45)
ALIKE_RATING = 7.0
ONE_CAUSE = (0.25, 0.45)


def nothing_planted(parameters: Parameters) -> Parameters:
    """Return `parameters` with every effect and difference taken out.

    Won deals, and deals lost to anyone, live equally long, reach the same stages, are forecast alike, and the
    buyer stays until the close. Reps, managers, segments, customers, competitors, prices, the roll-out and
    turnover change nothing, and interviews are drawn and answered by lot. One competitor is on every deal: a
    deal can be lost only to a competitor that was there, so being there would else go with such losses.
    """
    nothing = (0.0,) * len(FATES)
    market, outcomes, plan = parameters.market, parameters.outcomes, parameters.forecasting
    rivals = tuple(
        replace(rival, strength=0.0, presence=rival.presence if place else 1.0)
        for place, rival in enumerate(market.rivals)
    )
    return replace(
        parameters,
        organisation=replace(parameters.organisation, win_effect_sd=0.0, optimism_sd=0.0, manager_effect_sd=0.0),
        market=replace(market, rivals=rivals),
        outcomes=replace(
            outcomes,
            shares=ALIKE_SHARES,
            median_cycle=(ALIKE_CYCLE,) * len(FATES),
            enterprise_effect=nothing,
            customer_effect=nothing,
            no_rival_effect=0.0,
            month_end_share=(ALIKE_ENDS[0],) * len(FATES),
            quarter_end_share=(ALIKE_ENDS[1],) * len(FATES),
            dead_share=((0.0, 0.0),) * len(FATES),
        ),
        forecasting=replace(
            plan,
            skip_share_lead=plan.skip_share,
            back_share_unqualified=plan.back_share,
            last_stage=dict.fromkeys(FATES, ALIKE_STAGES),
            inkling=0.0,
        ),
        recording=replace(
            parameters.recording,
            blank_sd=0.0,
            price_sd=0.0,
            winner_recorded=parameters.recording.rival_recorded,
            status_updated=0.0,
        ),
        practice=Practice(
            marking=Marking(),
            activity=Activity(),
            influences=Influences(rollout_teams=_rollout_teams(parameters)),
            interviewing=Interviewing(ratings=dict.fromkeys(Interviewing().ratings, (ALIKE_RATING, ALIKE_RATING))),
            reviewing=Reviewing(),
        ),
    )


def one_cause(parameters: Parameters, cause: str | None) -> Parameters:
    """Return `parameters` with nothing planted but `cause`, or raise `UsageError` where it is none of the six."""
    if cause not in BLINDSIDES:
        raise UsageError(
            "The company one-cause needs one of the six red-zone causes.",
            got=cause,
            expected=", ".join(BLINDSIDES),
            do=nearest(cause, BLINDSIDES) if cause else "postmortem simulate one-cause CAUSE FOLDER",
        )
    nothing = nothing_planted(parameters)
    practice = nothing.practice or Practice()
    prevalence = {**practice.marking.prevalence, cause: ONE_CAUSE}
    return replace(nothing, practice=replace(practice, marking=replace(practice.marking, prevalence=prevalence)))


def _rollout_teams(parameters: Parameters) -> tuple[int, ...]:
    return () if parameters.practice is None else parameters.practice.influences.rollout_teams
