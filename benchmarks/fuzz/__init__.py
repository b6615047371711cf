"""Random and hostile tables through the command line: what must never happen, counted."""
