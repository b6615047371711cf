"""The best formula at each complexity."""

from collections.abc import Iterable, Iterator
from math import isfinite, log
from numbers import Integral
from sys import float_info
from typing import TYPE_CHECKING, Any

from edgewise.errors import FormulaError, SettingsError

from .formula import Formula

if TYPE_CHECKING:
    import pandas


class Front:
    """Formulas by growing complexity and falling held-out error; none of them is worse than a simpler one.

    >>> rough = Formula.from_text("6.28*L", "T", ["L"], rmse=0.3)
    >>> print(Front([rough, Formula.from_text("2*sqrt(L)", "T", ["L"], rmse=1e-6)]))
       complexity       rmse         r2      score  equation
                3    3.0e-01        nan       0.00  T = 6.28*L
    >>          4    1.0e-06        nan      12.61  T = 2*sqrt(L)

    An error at or below ``floor`` counts as exact: give it the rounding of the target, about 1e-10 of its spread.
    ``tolerance`` is the relative increase of the error that a simpler formula may cost (about one over the square
    root of twice the held-out rows, the standard error of an rmse).
    """

    def __init__(self, formulas: Iterable[Formula] = (), *, floor: float = 0.0, tolerance: float = 0.05) -> None:
        if not (floor >= 0 and tolerance >= 0):
            raise SettingsError(f"floor and tolerance must be 0 or more, got {floor} and {tolerance}.")
        self.floor, self.tolerance = floor, tolerance
        self._pick: Formula | None = None
        self._formulas: list[Formula] = []
        for formula in formulas:
            self.add(formula)

    def add(self, formula: Formula) -> bool:
        """Take the formula in, if none as simple is as good, and drop those that it beats. True if it was taken."""
        if not isfinite(formula.rmse) or any(_beats(known, formula) for known in self._formulas):
            return False
        kept = [known for known in self._formulas if not _beats(formula, known)]
        self._formulas = sorted([*kept, formula], key=lambda f: f.complexity)
        return True

    def at(self, index: int) -> Formula:
        """The formula in row ``index`` of `rows`, negative from the last; SettingsError where there is none."""
        if not isinstance(index, Integral) or not -len(self) <= index < len(self):
            raise SettingsError(f"index is a row of the front, 0 to {len(self) - 1}, got {index!r}.")
        return self._formulas[index]

    def beating(self, formula: Formula) -> list[Formula]:
        """Those of the front that keep the formula out: as simple and as good, or better in both."""
        return [known for known in self._formulas if _beats(known, formula)]

    def beaten_by(self, formula: Formula) -> list[Formula]:
        """Those of the front that would leave it for the formula."""
        return [known for known in self._formulas if _beats(formula, known)]

    def discard(self, formula: Formula) -> None:
        """Leave a formula out, for a reason that the errors alone do not tell."""
        self._formulas = [known for known in self._formulas if known is not formula]

    def replace(self, old: Formula, new: Formula) -> None:
        """Take ``new`` for ``old``: the same law better written, even if it counts more symbols (2*pi for 6.2831853)."""
        before = self._formulas
        try:
            self._formulas = [known for known in before if known is not old and known is not new]
            if not self.add(new):  # another formula is as simple and as good
                self.add(old)
        except KeyboardInterrupt:
            self._formulas = before  # Ctrl+C may come between the two; the front stays as it was
            raise

    def pick(self, formula: Formula) -> None:
        """Make one formula of the front the choice, for a reason that the errors alone do not tell."""
        if not any(known is formula for known in self._formulas):
            raise FormulaError(f"only a formula of the front can be picked, and {formula} is not on it.")
        self._pick = formula

    @property
    def best(self) -> Formula:
        """The formula that was picked; else the simplest one whose error is within the tolerance of the smallest."""
        if not self._formulas:
            raise FormulaError("the front is empty: no formula with a finite error was added.")
        if any(known is self._pick for known in self._formulas):
            assert self._pick is not None
            return self._pick
        limit = self._error(self._formulas[-1]) * (1 + self.tolerance)
        return next(formula for formula in self._formulas if self._error(formula) <= limit)

    def rows(self) -> list[dict[str, Any]]:
        """One dict a formula: complexity, rmse, r2, score (drop of log rmse a unit of complexity) and equation."""
        return [
            {
                "complexity": formula.complexity,
                "rmse": formula.rmse,
                "r2": formula.r2,
                "score": self._score(before, formula),
                "equation": formula.equation,
            }
            for before, formula in zip([None, *self._formulas], self._formulas, strict=False)
        ]

    def to_frame(self) -> "pandas.DataFrame":
        """``rows`` as a pandas DataFrame."""
        import pandas

        return pandas.DataFrame(self.rows(), columns=["complexity", "rmse", "r2", "score", "equation"])

    def __len__(self) -> int:
        return len(self._formulas)

    def __iter__(self) -> Iterator[Formula]:
        return iter(self._formulas)

    def __getitem__(self, index: int) -> Formula:
        return self._formulas[index]

    def __str__(self) -> str:
        lines = [f"   {'complexity':>10} {'rmse':>10} {'r2':>10} {'score':>10}  equation"]
        for formula, row in zip(self, self.rows(), strict=True):
            mark = ">>" if formula is self.best else "  "
            numbers = f"{row['complexity']:>10} {row['rmse']:>10.1e} {row['r2']:>10.6f} {row['score']:>10.2f}"
            lines.append(f"{mark} {numbers}  {row['equation']}")
        return "\n".join(lines)

    def _error(self, formula: Formula) -> float:
        return max(formula.rmse, self.floor)

    def _score(self, before: Formula | None, formula: Formula) -> float:
        if before is None:
            return 0.0
        drop = log(max(self._error(before), float_info.min) / max(self._error(formula), float_info.min))
        return drop / (formula.complexity - before.complexity)


def _beats(one: Formula, other: Formula) -> bool:
    """As simple and as good, or better in both."""
    return one.complexity <= other.complexity and one.rmse <= other.rmse
