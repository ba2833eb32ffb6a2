"""Free-text notes on losses: the codes they suggest, with the words that do, or none. Never anyone's rating."""

from postmortem.notes.reading import Reader
from postmortem.notes.suggest import Suggested, Suggestion, suggest
from postmortem.notes.words import NoteWords, load_words

__all__ = ["NoteWords", "Reader", "Suggested", "Suggestion", "load_words", "suggest"]
