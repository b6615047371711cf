"""What all benchmarks share: how a law is disguised, how a formula is scored, how a run is kept, timed and told."""

from .clock import Clock
from .disguise import disguise, drawn, units_of
from .rates import rate, wilson
from .report import mean_of, median_of, read_tables, table, write_report
from .runs import Row, Runs
from .score import Score, Truth, score
from .shape import shape_of

__all__ = [
    "Clock",
    "Row",
    "Runs",
    "Score",
    "Truth",
    "disguise",
    "drawn",
    "mean_of",
    "median_of",
    "rate",
    "read_tables",
    "score",
    "shape_of",
    "table",
    "units_of",
    "wilson",
    "write_report",
]
