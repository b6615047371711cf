"""How many of the Strogatz laws of motion are recovered, from slopes and from trajectories alone."""
