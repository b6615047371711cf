"""Do the error bars hold: of constants, of edges, of predictions."""
