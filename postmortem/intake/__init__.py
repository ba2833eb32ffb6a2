"""Ways in: exports of a CRM, or plain tables, become a book.

To add a CRM, write one module beside `salesforce` and name its adapter in `adapters.ADAPTERS`.
"""

from postmortem.intake.load import load_book
from postmortem.intake.proposal import Proposal, Recognised, propose

__all__ = ["Proposal", "Recognised", "load_book", "propose"]
