"""Work that is counted, so that what a search leaves out does not depend on the speed of the machine.

A unit is about a millisecond of one core. What a step will cost is known before it begins, from the size of its problem
alone: so the same table ends the search at the same place everywhere. The wall clock stays the outer limit.
"""

import math
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """Units of a step: ``base`` for two inputs and few rows, times ``growth`` for every further input; twice as many at
    ``rows`` rows."""

    base: float
    growth: float = 1.0
    rows: float = math.inf

    def __call__(self, inputs: int, rows: int) -> float:
        return self.base * self.growth ** (inputs - 2) * (1 + rows / self.rows)


@dataclass
class Work:
    """What may be spent: ``limit`` units, until time.monotonic() passes ``deadline``.

    ``cut`` says whether the deadline kept anything from being done; the limit never does.
    """

    limit: float = math.inf
    deadline: float = math.inf
    done: float = 0.0
    cut: bool = False

    @property
    def left(self) -> float:
        """Units that may still be spent."""
        return max(0.0, self.limit - self.done)

    def pays(self, units: float, share: float = 1.0) -> bool:
        """Spend that many units, if they are no more than the ``share`` of what is left and the clock allows it."""
        if units > share * self.left:
            return False
        if time.monotonic() + units / 1000 > self.deadline:
            self.cut = True
            return False
        self.done += units
        return True

    def late(self) -> bool:
        """Whether the deadline has passed; then something was cut."""
        self.cut = self.cut or time.monotonic() > self.deadline
        return self.cut
