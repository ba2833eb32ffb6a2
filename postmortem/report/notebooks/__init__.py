"""Notebooks and their kernels: planned, begun, executed, kept and taken from, and what is done beside them."""
