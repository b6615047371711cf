"""How many laws of the AI Feynman list `edgewise.discover` recovers, and in what time."""
