"""Floor 2: the book and its states over time."""

from postmortem.book.book import Book, BookMeta, Note

__all__ = ["Book", "BookMeta", "Note"]
