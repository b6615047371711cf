"""How many laws of the AI Feynman list are recovered, and in what time."""
