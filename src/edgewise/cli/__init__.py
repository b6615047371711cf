"""The command line: discover, predict, plot, show, laws, demo.

Results go to stdout, everything else to stderr. What the user can put right is one line ``error: ...`` and exit code 2;
Ctrl+C keeps the best so far and exits with 130. Nothing is written unless asked for with ``--out``.
"""

from .entry import main, run

__all__ = ["main", "run"]
