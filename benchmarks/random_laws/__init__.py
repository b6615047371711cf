"""How many of forty random formulas `edgewise.discover` recovers."""
