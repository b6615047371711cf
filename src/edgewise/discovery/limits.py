"""How much work the steps may do: by the table, so that it ends at the same place on every machine.

Few rows tell little, however long one looks: every limit grows with the rows. The exact ladder gets its full limit only
where a law is likely to be there (`edgewise.symbolic.outlook`). Units are about milliseconds of one core.
"""

from dataclasses import dataclass

import sympy

Linear = tuple[float, float, float]  # at no row, for each row, at most

QUICK: Linear = (100, 0.5, 1_000)
UNLIKELY: Linear = (200, 4, 5_000)
LIKELY: Linear = (2_000, 12, 18_000)
NOISY: Linear = (2_000, 10, 18_000)
PIECES: Linear = (500, 8, 12_000)
NAMING: Linear = (1_000, 10, 20_000)
SNAPPING: Linear = (500, 5, 10_000)

NAMING_AN_EDGE = 100.0
WRITING_OUT = 25.0  # a network of FEW_EDGES; the terms of larger ones multiply
FEW_EDGES = 4
COMBINATIONS = (4, 48)  # of names for one network, at least and at most
FOR_WRITING = 0.3  # of what is left for naming, for each network; the rest refits what was written


@dataclass(frozen=True)
class Limits:
    """Units for each step on so many training ``rows``; ``effort`` multiplies them all."""

    rows: int
    effort: float = 1.0

    def ladder(self, promise: float) -> float:
        """Between the limit for what is likely noise and that for what is likely a law."""
        return (1 - promise) * self._of(UNLIKELY) + promise * self._of(LIKELY)

    @property
    def quick(self) -> float:
        """For the exact tests of a table that looks noisy."""
        return self._of(QUICK)

    @property
    def noisy(self) -> float:
        """For the tests of structure in noise."""
        return self._of(NOISY)

    @property
    def pieces(self) -> float:
        """For breaks and the names of what lies between them."""
        return self._of(PIECES)

    @property
    def naming(self) -> float:
        """For the names of all networks."""
        return self._of(NAMING)

    @property
    def snapping(self) -> float:
        """For the plain numbers of the formulas beside the best one."""
        return self._of(SNAPPING)

    def _of(self, line: Linear) -> float:
        least, a_row, most = line
        return self.effort * min(least + a_row * self.rows, most)


def writing_out(edges: int) -> float:
    """Units of writing out the formula of a network with so many named edges."""
    return WRITING_OUT * max(1.0, edges / FEW_EDGES) ** 3


def combinations_for(left: float, edges: int = FEW_EDGES) -> int:
    """How many combinations of names are written out with so many units left."""
    least, most = COMBINATIONS
    return int(min(max(FOR_WRITING * left / writing_out(edges), least), most))


def refitting(expression: sympy.Expr) -> float:
    """Units of fitting the constants of an expression again."""
    return 20.0 + 15.0 * len(expression.atoms(sympy.Float))


def snapping(constants: int) -> float:
    """Units of trying plain numbers for so many constants: each is tried while the others are fitted again."""
    return 20.0 * (1 + constants) ** 2
