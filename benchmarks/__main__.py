"""List the benchmarks and run them: `python -m benchmarks [NAME] [OPTIONS]`."""

from __future__ import annotations

import sys

from benchmarks import cumulative_incidence, exports, forecast_at_scale, notebook_at_scale, notes, report

BENCHMARKS = (report, cumulative_incidence, forecast_at_scale, notebook_at_scale, notes, exports)


def main(arguments: list[str]) -> int:
    """Run the named benchmark with its options, or all of them at their defaults."""
    by_name = {module.__name__.rpartition(".")[2]: module for module in BENCHMARKS}
    if arguments and arguments[0] not in by_name:
        for name, module in by_name.items():
            print(f"{name}: {(module.__doc__ or '').splitlines()[0]}")
        return 0 if arguments[0] in ("list", "-h", "--help") else 2
    chosen = [by_name[arguments[0]]] if arguments else list(by_name.values())
    for module in chosen:
        module.main(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
