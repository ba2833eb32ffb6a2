"""``python -m benchmarks``: run every benchmark and print its ratios."""

from __future__ import annotations

from importlib import import_module

BENCHMARKS = ("report",)

if __name__ == "__main__":
    for name in BENCHMARKS:
        import_module(f"benchmarks.{name}").main()
