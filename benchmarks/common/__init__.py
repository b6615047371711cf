"""What all benchmarks share: how a formula is scored, how a run is kept, timed and told."""

from .clock import Clock
from .report import mean_of, median_of, table, write_report
from .runs import Runs
from .score import Score, Truth, score
from .shape import shape_of

__all__ = ["Clock", "Runs", "Score", "Truth", "mean_of", "median_of", "score", "shape_of", "table", "write_report"]
