"""The command line: discover, predict, plot, show, export, laws, data, demo.

Results go to stdout, everything else to stderr. What the user can put right is one line ``error: ...`` and exit code 2;
Ctrl+C keeps the best so far and exits with 130. Nothing is written unless asked for with ``--out``.
"""

from collections.abc import Sequence

from .start import main

__all__ = ["main", "run"]


def run(words: Sequence[str]) -> int:
    """Run one command and return its exit code: 0, 2 for what the user can put right, 130 after Ctrl+C."""
    from .entry import run

    return run(words)
