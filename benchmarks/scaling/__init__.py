"""Theorem 1 and the scaling laws of the paper's section 4, measured."""
