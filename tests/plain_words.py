"""Words of the trade that no headline, title, table head or heading carries; they live in method boxes."""

from __future__ import annotations

import re

TERMS = re.compile(
    r"\b(cohort|landmark|hazard|shrunken|shrinkage|false discovery|censored|p-value|refused|bayes\w*|posterior|"
    r"estimator|hypothes[ie]s|significan\w+|statistic\w*|confidence|credible|quantile|percentile|variance|"
    r"standard (deviation|error)|regress\w+|stratif\w+|permutation|bootstrap\w*|coefficient|covariates?|confound\w+|"
    r"incidence|likelihood|kappa|brier|multinomial|heterogene\w+|outliers?|correlat\w+|attributable)\b",
    re.IGNORECASE,
)
