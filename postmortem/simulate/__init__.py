"""Floor 3: companies that never were, with the truth behind their deals."""

from postmortem.simulate.company import Company, build
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.presets import PRESETS, preset_parameters, simulate
from postmortem.simulate.writers import write_files

__all__ = ["PRESETS", "Company", "Parameters", "build", "preset_parameters", "simulate", "write_files"]
