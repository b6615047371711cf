"""docs/results.md out of the tables that the other benchmarks wrote."""
