"""Ratios against the alternatives, each run in a process of its own, in turns; no figure here fails a test."""
