"""Ways to learn a law from rows: networks of splines, formulas, fair MLPs."""

from .ways import LEAN, PLAIN, Rows, as_many, mlp, named, network, warm_up

__all__ = ["LEAN", "PLAIN", "Rows", "as_many", "mlp", "named", "network", "warm_up"]
