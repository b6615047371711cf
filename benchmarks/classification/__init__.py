"""Are the probabilities good? ``python -m benchmarks.classification``."""
