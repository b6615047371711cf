"""``python -m edgewise.cli``."""

from .entry import main

main()
