"""Real tables end to end: formula, network and boosted trees on the same rows held out."""
