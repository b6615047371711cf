"""Short scripts to copy from. Each runs by itself: ``python -m examples.kepler``."""
