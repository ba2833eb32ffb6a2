"""The folder `benchmarks` lies beside the package and is not installed with it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
