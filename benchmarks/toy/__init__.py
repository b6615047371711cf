"""Is exp(sin(pi x) + y^2) found, how soon, and by which network."""
