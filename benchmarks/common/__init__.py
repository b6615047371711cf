"""What all benchmarks share: how a law is disguised, how a formula is scored, how a run is kept, timed and told."""

from .clock import Clock
from .disguise import disguise, drawn, units_of
from .drawn_laws import run_drawn_laws
from .options import options
from .rates import rate, wilson
from .recovery import claims, cuts, measured, missed, newest, rules, seconds, share, sources
from .report import mean_of, median_of, read_tables, table, write_report
from .runs import Row, Runs
from .score import Score, Truth, score
from .shape import shape_of
from .trial import discovered

__all__ = [
    "Clock",
    "Row",
    "Runs",
    "Score",
    "Truth",
    "claims",
    "cuts",
    "discovered",
    "disguise",
    "drawn",
    "mean_of",
    "measured",
    "median_of",
    "missed",
    "newest",
    "options",
    "rate",
    "read_tables",
    "rules",
    "run_drawn_laws",
    "score",
    "seconds",
    "shape_of",
    "share",
    "sources",
    "table",
    "units_of",
    "wilson",
    "write_report",
]
