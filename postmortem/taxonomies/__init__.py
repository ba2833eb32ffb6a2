"""Loss-reason taxonomies: why a deal was lost, kept apart from to whom.

To add a taxonomy, drop a TOML file into this folder (or into a folder of your own, passed as `folder`)::

    id = "our_reasons"
    version = "1.0"
    title = "Why we lose"
    extends = "red_zone"        # optional: adds to it, or changes single fields of its codes

    [codes.demo_failed]
    label = "Demo failed"
    definition = "The product did not do in the demo what the buyer had asked to see."
    parent = "blindside_causes"
    ecosystem = "sales_force_effectiveness"
    remedy = "Rehearse the demo on the buyer's own case."
    interview_question = "What did you want to see in the demo, and what did you see?"
    signals = ["no_proof_of_value"]
    synonyms = ["demo failed"]
    replaces = ["bad_demo"]     # codes of earlier versions it stands for

`lint` names every fault of it. Values of a CRM are mapped by a file of the same kind in `crosswalks`.
"""

from postmortem.taxonomies.crosswalk import Crosswalk, Entry, Mapped, load_crosswalks, map_values
from postmortem.taxonomies.lint import Fault, lint
from postmortem.taxonomies.loader import available, load_taxonomy
from postmortem.taxonomies.model import LOST_TO, Reason, Taxonomy
from postmortem.taxonomies.structure import fold
from postmortem.taxonomies.versions import FieldChange, VersionChange, comparable, compare_versions

__all__ = [
    "LOST_TO",
    "Crosswalk",
    "Entry",
    "Fault",
    "FieldChange",
    "Mapped",
    "Reason",
    "Taxonomy",
    "VersionChange",
    "available",
    "comparable",
    "compare_versions",
    "fold",
    "lint",
    "load_crosswalks",
    "load_taxonomy",
    "map_values",
]
