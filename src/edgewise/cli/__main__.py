"""``python -m edgewise.cli``."""

from .start import main

main()
