"""How many laws of the AI Feynman list `edgewise.discover` recovers when they are solved for another variable."""
