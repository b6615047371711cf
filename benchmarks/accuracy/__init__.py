"""How exact a network becomes, how its error falls with finer splines, and which graph that tells."""
