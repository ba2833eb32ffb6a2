"""What held of last quarter's findings, and which actions reached their targets: verdicts by hand-made intervals."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from builders import closed, deal, make_book
from made_findings import pushes

from postmortem.findings import find
from postmortem.findings.actions import Action, Bound, Measure, read_actions
from postmortem.findings.earlier import Earlier, look_earlier
from postmortem.findings.evidence import Measured
from postmortem.findings.looking_back import held, looking_back
from postmortem.findings.scoring import Scored, score, verdict_of
from postmortem.findings.told import Told
from postmortem.frames import Cohort, Engagement
from postmortem.ground import resources
from postmortem.ground.errors import ConfigError

ALL = ("won",) * 6 + ("lost",) * 6


def points(value: float, low: float, high: float, none: float = 0.0) -> Measured:
    return Measured(value, low, high, "points", none)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (points(0.12, 0.02, 0.22), "held"),
        (points(-0.12, -0.22, -0.02), "did not hold"),
        (points(0.01, -0.04, 0.06), "did not hold"),
        (points(0.05, -0.10, 0.20), "too few to tell"),
        (points(-0.05, -0.30, 0.20), "too few to tell"),
        (points(0.12, math.nan, math.nan), "too few to tell"),
        (None, "too few to tell"),
    ],
)
def test_a_finding_of_ten_points_is_held_against_this_quarter(now: Measured | None, verdict: str) -> None:
    assert held(points(0.10, 0.05, 0.15), now) == verdict


def test_a_finding_of_fewer_is_held_the_other_way_round_and_against_what_none_is_now() -> None:
    then = Measured(0.48, 0.44, 0.53, "share", 0.58)
    assert held(then, Measured(0.49, 0.43, 0.55, "share", 0.58)) == "held"
    assert held(then, Measured(0.62, 0.59, 0.65, "share", 0.58)) == "did not hold"
    assert held(then, Measured(0.57, 0.40, 0.70, "share", 0.58)) == "too few to tell"


def earlier(*now: tuple[float, float, float]) -> Earlier:
    then = pushes(1e-6, named=True, said="Deals put off twice are lost more often.")
    told = Told("", then, "close_date_pushes differs", 1e-6, True)
    return Earlier("2025Q2", (told,), tuple(pushes(0.5, figure=figure) for figure in now))


def test_a_finding_that_was_wrong_is_told_with_both_figures() -> None:
    back = looking_back(earlier((-0.02, -0.06, 0.02)))
    row = back.tables["findings"].first
    assert row["verdict"] == "did not hold"
    assert row["figures"] == "then +10 points (5–15 points); this quarter alone −2 points (−6 to 2 points)"
    assert back.headline == "The one finding of 2025Q2: did not hold."


def test_signs_that_went_with_winning_are_told_as_such() -> None:
    less = [pushes(1e-6, named=True, figure=(-0.1, -0.15, -0.05), of=n) for n in range(2)]
    told = tuple(Told("", each, "close_date_pushes differs", 1e-6, True) for each in less)
    now = (less[0].replace(params={}),)
    assert looking_back(Earlier("2025Q2", told, now)).headline.startswith("Of 2 signs that go with winning of 2025Q2, ")
    one = looking_back(Earlier("2025Q2", told[:1], now)).headline
    assert one.startswith("The one sign that goes with winning of 2025Q2: ")


def test_where_the_question_is_refused_now_it_says_what_is_missing() -> None:
    asked_now = find("close_date_pushes").refuse(closed_cohort(), "20 more deals")
    row = looking_back(Earlier("2025Q2", earlier().named, (asked_now,))).tables["findings"].first
    assert (row["verdict"], row["note"]) == ("too few to tell", "20 more deals")


def test_a_move_between_quarters_is_not_asked_of_one_quarter() -> None:
    then = pushes(1e-6, named=True, analysis="mix_shift")
    told = Told("", then, "mix_shift differs", 1e-6, True)
    assert looking_back(Earlier("2025Q2", (told,))).tables["findings"].first["verdict"] == "of its own quarter"


def test_without_a_quarter_before_and_without_actions_there_is_nothing_to_look_back_at() -> None:
    assert looking_back(Earlier("2025Q2", why="no deals")).status == "refused"
    assert looking_back(Earlier("2025Q2")).headline == "2025Q2 had no finding."


# ---------------------------------------------------------------- actions


def action(bound: Bound = "at_most", target: float = 0.3, measure: Measure | None = None) -> Action:
    return Action("close_date_pushes", "Review", "Dana", measure or Measure("Deals lost"), bound, target)


@pytest.mark.parametrize(
    ("bound", "now", "verdict"),
    [
        ("at_most", points(0.2, 0.1, 0.3), "reached"),
        ("at_most", points(0.2, 0.1, 0.31), "cannot tell"),
        ("at_most", points(0.4, 0.31, 0.5), "not reached"),
        ("at_least", points(0.4, 0.3, 0.5), "reached"),
        ("at_least", points(0.2, 0.1, 0.29), "not reached"),
        ("at_least", points(0.3, 0.1, 0.5), "cannot tell"),
        ("at_least", points(0.3, math.nan, math.nan), "reached"),
        ("at_most", None, "cannot tell"),
    ],
)
def test_a_target_is_judged_by_the_whole_interval(bound: Bound, now: Measured | None, verdict: str) -> None:
    assert verdict_of(action(bound), now) == verdict


def closed_cohort() -> Cohort:
    fates = [*ALL, *ALL, *ALL[:6]]
    rows = [deal(n, fate, f"2025-08-{n % 28 + 1:02d}", lost_to_recorded=None) for n, fate in enumerate(fates, start=1)]
    cohort: Cohort = closed(make_book(rows))
    return cohort


def test_a_share_is_taken_from_this_quarter_alone() -> None:
    (scored,) = score([action(target=0.9)], closed_cohort())
    # 12 of 30; Wilson by hand: 0.2459 to 0.5768
    assert scored.now is not None
    assert (scored.now.value, round(scored.now.low, 4), round(scored.now.high, 4)) == (0.4, 0.2459, 0.5768)
    assert (scored.verdict, scored.before) == ("reached", None)


def test_a_cell_of_an_analysis_is_named_by_table_column_and_row() -> None:
    measure = Measure("", "Lost", "loss_share", "groups", "share", {"group": "All"}, {"by": "segment"})
    (scored,) = score([action(measure=measure)], closed_cohort())
    assert scored.label == "Lost"
    assert scored.now is not None and scored.now.value == pytest.approx(0.4)


def test_what_an_analysis_does_not_have_is_named_with_the_nearest_all_at_once() -> None:
    wrong = (
        Measure("", "", "loss_share", "group", "share"),
        Measure("", "", "loss_share", "groups", "shares"),
        Measure("", "", "loss_share", "groups", "share", {"grup": "All"}),
    )
    with pytest.raises(ConfigError) as raised:
        score([action(measure=measure) for measure in wrong], closed_cohort())
    assert len(raised.value.rows) == 3
    assert raised.value.rows[0].endswith("did you mean 'groups'?")
    assert raised.value.rows[1].endswith("did you mean 'share'?")
    assert raised.value.rows[2].endswith("did you mean 'group'?")


def test_an_action_without_a_share_to_take_says_why() -> None:
    few = closed(make_book([deal(1, "won", "2025-08-01"), deal(2, "lost", "2025-08-02")]))
    (scored,) = score([action()], few)
    assert scored.verdict == "cannot tell" and scored.note
    back = looking_back(Earlier("2025Q2"), (scored,))
    assert back.headline == "2025Q2 had no finding; 0 of 1 action reached the target."


GOOD = """
[[action]]
finding = "close_date_pushes"
action = "Review deals put off twice"
owner = "Dana"
measure = "Deals lost"
target = { at_most = 0.3 }
due = 2025-12-31
"""


def written(folder: Path, text: str) -> Path:
    (folder / "actions.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_file_is_read_whole_and_none_is_no_actions(tmp_path: Path) -> None:
    assert read_actions(tmp_path) == ()
    (read,) = read_actions(written(tmp_path, GOOD))
    assert (read.owner, read.bound, read.target, str(read.due)) == ("Dana", "at_most", 0.3, "2025-12-31")
    assert read.measure == Measure("Deals lost")


def test_all_faults_come_at_once_with_the_nearest_names(tmp_path: Path) -> None:
    text = GOOD.replace("close_date_pushes", "close_date_push").replace("owner", "ownr") + GOOD.replace(
        '"Deals lost"', '"Deals loss"'
    ).replace("at_most", "atmost").replace("2025-12-31", '"soon"')
    with pytest.raises(ConfigError) as raised:
        read_actions(written(tmp_path, text))
    rows = "\n".join(raised.value.rows)
    assert "did you mean 'close_date_pushes'?" in rows
    assert "ownr: unknown field; did you mean 'owner'?" in rows
    assert "action 1.owner: is missing" in rows
    assert "did you mean 'Deals lost'?" in rows
    assert "action 2.target" in rows and "action 2.due" in rows
    assert len(raised.value.rows) == 6


@pytest.mark.parametrize("text", ["action = 3", "[action]\nfinding = 'x'", "[[actions]]", "[[action]\n", "[[action]]"])
def test_no_file_ends_in_a_traceback(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_actions(written(tmp_path, text))


def test_a_measure_of_an_unknown_analysis_or_with_an_unknown_argument_is_a_fault(tmp_path: Path) -> None:
    for measure, hint in (
        ('{ analysis = "loss_shares", table = "groups", column = "share" }', "did you mean 'loss_share'?"),
        (
            '{ analysis = "loss_share", table = "groups", column = "share", asked = { bye = "x" } }',
            "did you mean 'by'?",
        ),
        (
            '{ analysis = "loss_share", table = "groups", column = "share", asked = { by = "segmnt" } }',
            "did you mean 'segment'?",
        ),
        ('{ analysis = "loss_share", table = "groups" }', "column: is missing"),
        ("7", "expected the name of a figure"),
    ):
        with pytest.raises(ConfigError) as raised:
            read_actions(written(tmp_path, GOOD.replace('"Deals lost"', measure)))
        assert hint in "\n".join(raised.value.rows)


# ---------------------------------------------------------------- the quarter before


def test_the_quarter_before_is_asked_as_it_was_known_then_and_no_report_is_read() -> None:
    engagement = Engagement.open(resources.sample("plain"))
    book = engagement.book()
    cohort = engagement.frame("2025Q3", book=book)
    shown = find("loss_share").function(cohort, by="segment")
    told = look_earlier(engagement, cohort, [shown, shown], book)
    assert (told.quarter, told.why, told.asked) == ("2025Q2", "", frozenset())
    first = engagement.frame(str(min(cohort.table["quarter"])), book=book)
    while not look_earlier(engagement, first, [shown], book).why:
        first = engagement.frame((first.focus - 1).label, book=book)
    assert look_earlier(engagement, first, [shown], book).asked is None


def test_scored_is_plain_data() -> None:
    scored = Scored(action(), "Deals lost", points(0.2, 0.1, 0.25), None, "reached")
    row = looking_back(Earlier("2025Q2", why="no deals"), (scored,)).tables["actions"].first
    assert (row["target"], row["verdict"], row["owner"]) == ("at most +30 points", "reached", "Dana")
