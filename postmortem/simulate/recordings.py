"""What reps of the invented companies write down: values of their picklists, how often, and what they stand for."""

from __future__ import annotations

from postmortem.simulate.parameters import Recording

PLAIN_RECORDING = Recording(
    reasons={
        "competitor": {
            "Lost to Competitor": 0.68, "": 0.19, "Price": 0.075, "Missing Features": 0.02, "Other": 0.02,
            "No Decision / Non-Responsive": 0.03, "Price;Timing": 0.01, "Missing Features;Price": 0.02,
            "Poor Fit": 0.01, "Timing": 0.01,
        },
        "status_quo": {
            "No Decision / Non-Responsive": 0.32, "No Budget / Lost Funding": 0.1, "Timing": 0.06, "": 0.22,
            "Price": 0.12, "Lost to Competitor": 0.08, "Other": 0.03, "Poor Fit": 0.02, "Price;Timing": 0.03,
            "Missing Features": 0.015,
        },
        "disqualified": {
            "Poor Fit": 0.33, "Duplicate": 0.25, "": 0.26, "No Decision / Non-Responsive": 0.07, "Other": 0.05,
            "Price": 0.04,
        },
    },
    by_cause={
        "price_value": {"Price": 4.0, "Missing Features;Price": 3.0},
        "missing_capability": {"Missing Features": 6.0, "Missing Features;Price": 3.0},
        "budget_lost": {"No Budget / Lost Funding": 6.0},
        "no_urgency": {"Timing": 4.0, "Price;Timing": 2.0},
        "priorities_changed": {"Timing": 3.0, "No Budget / Lost Funding": 1.5},
        "duplicate": {"Duplicate": 6.0, "Poor Fit": 0.1},
        "poor_fit": {"Poor Fit": 3.0, "Duplicate": 0.1},
        "not_an_opportunity": {"Duplicate": 0.2},
    },
    codes={
        "Lost to Competitor": ((), "competitor"),
        "No Decision / Non-Responsive": (("prefers_status_quo", "indecision"), "status_quo"),
        "No Budget / Lost Funding": (("budget_lost",), "status_quo"),
        "Timing": (("no_urgency",), "status_quo"),
        "Price": (("price_value",), "unknown"),
        "Missing Features": (("missing_capability",), "unknown"),
        "Price;Timing": (("price_value", "no_urgency"), "unknown"),
        "Missing Features;Price": (("missing_capability", "price_value"), "unknown"),
        "Poor Fit": (("poor_fit",), "disqualified"),
        "Duplicate": (("duplicate",), "disqualified"),
        "Other": (("other",), "unknown"),
    },
)  # fmt: skip

FULL_RECORDING = Recording(
    reasons={
        "competitor": {
            "Price": 0.24, "Missing Features": 0.12, "Incumbent / Relationship": 0.12, "Terms": 0.05,
            "Delivery Concerns": 0.06, "Reached Wrong People": 0.03, "Slow Response": 0.03, "Timing": 0.03,
            "Other": 0.05, "Price;Missing Features": 0.04, "": 0.23,
        },
        "status_quo": {
            "Price": 0.14, "No Decision": 0.18, "No Budget": 0.12, "Timing": 0.09, "Priorities Changed": 0.07,
            "Champion Left": 0.03, "Reached Wrong People": 0.03, "Delivery Concerns": 0.03, "Built In-House": 0.02,
            "Other": 0.03, "Price;Timing": 0.03, "": 0.23,
        },
        "disqualified": {
            "No Project": 0.22, "Poor Fit": 0.24, "Duplicate": 0.16, "Price": 0.06, "No Decision": 0.06, "Other": 0.04,
            "": 0.22,
        },
    },
    by_cause={
        "price_value": {"Price": 3.0, "Price;Missing Features": 2.0},
        "missing_capability": {"Missing Features": 5.0},
        "incumbent_relationship": {"Incumbent / Relationship": 5.0},
        "brand_reference": {"Incumbent / Relationship": 2.0},
        "no_trust_in_delivery": {"Delivery Concerns": 4.0},
        "true_buyer_not_engaged": {"Reached Wrong People": 5.0, "No Decision": 1.5},
        "slow_response": {"Slow Response": 5.0},
        "budget_lost": {"No Budget": 6.0},
        "no_urgency": {"Timing": 4.0, "Price;Timing": 2.0},
        "priorities_changed": {"Priorities Changed": 6.0},
        "champion_lost": {"Champion Left": 12.0},
        "built_in_house": {"Built In-House": 15.0},
        "not_an_opportunity": {"No Project": 3.0, "Duplicate": 0.2},
        "poor_fit": {"Poor Fit": 4.0, "Duplicate": 0.2},
        "duplicate": {"Duplicate": 8.0},
    },
    codes={
        "Price": (("price_value",), "unknown"),
        "Missing Features": (("missing_capability",), "unknown"),
        "Incumbent / Relationship": (("incumbent_relationship",), "competitor"),
        "Terms": (("terms",), "unknown"),
        "Delivery Concerns": (("no_trust_in_delivery",), "unknown"),
        "Reached Wrong People": (("true_buyer_not_engaged",), "unknown"),
        "Slow Response": (("slow_response",), "unknown"),
        "Timing": (("no_urgency",), "status_quo"),
        "No Decision": (("indecision",), "status_quo"),
        "No Budget": (("budget_lost",), "status_quo"),
        "Priorities Changed": (("priorities_changed",), "status_quo"),
        "Champion Left": (("champion_lost",), "status_quo"),
        "Built In-House": (("built_in_house",), "status_quo"),
        "No Project": (("no_project",), "disqualified"),
        "Poor Fit": (("poor_fit",), "disqualified"),
        "Duplicate": (("duplicate",), "disqualified"),
        "Other": (("other",), "unknown"),
        "Price;Missing Features": (("price_value", "missing_capability"), "unknown"),
        "Price;Timing": (("price_value", "no_urgency"), "unknown"),
    },
    lost_to_shares={
        "competitor": (0.7, 0.08, 0.02, 0.2),
        "status_quo": (0.1, 0.66, 0.04, 0.2),
        "disqualified": (0.04, 0.14, 0.62, 0.2),
    },
)  # fmt: skip
