"""How many of the classic laws of symbolic regression (Nguyen, Livermore, Keijzer) `edgewise.discover` recovers."""
