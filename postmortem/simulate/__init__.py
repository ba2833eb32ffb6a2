"""Floor 3: companies that never were, with the truth behind their deals."""

from postmortem.simulate.blocks import write_blocks
from postmortem.simulate.company import Company, build
from postmortem.simulate.parameters import Parameters
from postmortem.simulate.presets import PRESETS, chosen_parameters, preset_parameters, simulate
from postmortem.simulate.writers import write_files

__all__ = [
    "PRESETS", "Company", "Parameters", "build", "chosen_parameters", "preset_parameters", "simulate", "write_blocks",
    "write_files",
]  # fmt: skip
