"""From cells to finite numbers, or an error that names the column, the rows and what to do."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgewise.errors import ValuesError

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "-", "?", "inf", "+inf", "-inf", "infinity"}
)
BLANK = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>"})  # the same among words: "none" may be a level
_TRUTH = {"true": 1.0, "false": 0.0}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_POINT = re.compile(r"(?=.*\d)[+-]?[\d.]*\.\d*(,\d*)?([eE][+-]?\d+)?")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([T ].*)?|\d\d?[./]\d\d?[./]\d{2,4}( .*)?")
_SHOWN = 5
_ADVICE = "Drop these rows or fill the cells, or leave the column out."

Column = NDArray[np.float64]
Where = Sequence[int] | NDArray[np.int64] | None


def numbers(
    name: str,
    cells: NDArray[Any] | Sequence[str],
    where: Where = None,
    *,
    missing: bool = False,
    advice: str = _ADVICE,
) -> NDArray[np.float64]:
    """The cells of column ``name`` as finite float64, (rows,).

    Booleans count as 0 and 1. ``where`` gives the line of each cell in a file; without it rows count from 1. With
    ``missing`` a missing cell is NaN and no error; ``advice`` says what to do about it.
    Raises ValuesError for text, for dates, and for cells that are missing or infinite.
    """
    given = np.asarray(cells)
    if given.dtype.kind in "biuf":
        values = given.astype(np.float64)
    elif given.dtype.kind in "OUS":
        values = _from_objects(name, given, where)
    else:
        kind = {"M": "dates", "m": "time spans", "c": "complex numbers"}.get(given.dtype.kind, str(given.dtype))
        raise ValuesError(f"column {name!r} holds {kind}, not real numbers. Turn it into numbers, or leave it out.")
    if not missing:
        require_finite(name, values, where, advice)
    return values


def require_finite(name: str, values: NDArray[np.float64], where: Where = None, advice: str = _ADVICE) -> None:
    """ValuesError where a cell is NaN or infinite, with the count and the first rows."""
    bad = np.flatnonzero(~np.isfinite(values))
    if not len(bad):
        return
    cells = "1 cell that is" if len(bad) == 1 else f"{len(bad)} cells that are"
    raise ValuesError(
        f"column {name!r} has {cells} missing or infinite, of {len(values)} ({places(bad, where)}). {advice}"
    )


def is_number(cell: str) -> bool:
    """Whether the text is a number, a truth value, or one of the signs for a missing number."""
    return _number(cell) is not None


def is_missing(cell: str) -> bool:
    """Whether the text is a sign for a missing or infinite number."""
    return cell.strip().lower() in MISSING


def is_truth(cell: str) -> bool:
    """Whether the text is a truth value."""
    return cell.strip().lower() in _TRUTH


def is_date(cell: str) -> bool:
    """Whether the text looks like a day of the calendar."""
    return _DATE.fullmatch(cell.strip()) is not None


def has_comma(cell: str) -> bool:
    """Whether the text is a number but for commas: before its decimals, or between thousands."""
    return _is_decimal_comma(cell) or _parts_thousands(cell)


def _is_decimal_comma(cell: str) -> bool:
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def _parts_thousands(cell: str) -> bool:
    """Whether commas may stand between thousands: in 1,500 and 1,500,000, not in 1,5."""
    return _THOUSANDS.fullmatch(cell.strip()) is not None


@dataclass
class Commas:
    """The decimal commas of one column: the first that might part thousands (1,500), whether one cannot (1,5)."""

    doubtful: str = ""
    settled: bool = False

    def as_points(self, cells: Sequence[str], lines: Sequence[int]) -> list[str]:
        """The cells with their commas as points; ValuesError for a point in a number, which might part thousands."""
        return [self._as_point(cell, line) for cell, line in zip(cells, lines, strict=True)]

    def doubt(self, name: str) -> tuple[str, ...]:
        """What is to be said of column ``name``, if anything is."""
        if not self.doubtful:
            return ()
        decimal, whole = _readings(self.doubtful)
        return (f"column {name!r}: {self.doubtful!r} was read as {decimal} (a decimal comma), not as {whole}",)

    def _as_point(self, cell: str, line: int) -> str:
        if "." in cell and _POINT.fullmatch(cell.strip()) and not is_date(cell):
            raise ValuesError(
                f"line {line} holds {cell.strip()!r}, a point in a file of decimal commas: it may part thousands. Write "
                f"all numbers alike, with a decimal comma and nothing between thousands."
            )
        if not _is_decimal_comma(cell):
            return cell
        if _parts_thousands(cell):
            self.doubtful = self.doubtful or cell.strip()
        else:
            self.settled = True
        return cell.replace(",", ".")


def places(index: NDArray[np.intp], where: Where) -> str:
    """``"rows 3, 7, 9"`` or ``"line 4"``: where the first few of the cells stand."""
    noun = "row" if where is None else "line"
    shown = [str(i + 1 if where is None else where[i]) for i in index[:_SHOWN]]
    more = ", ..." if len(index) > _SHOWN else ""
    return f"{noun}{'s' if len(index) > 1 else ''} {', '.join(shown)}{more}"


def _from_objects(name: str, cells: NDArray[Any], where: Where) -> NDArray[np.float64]:
    with suppress(ValueError, TypeError):
        if not any("_" in str(cell) for cell in cells):
            return cells.astype(np.float64)
    values = [_number(cell) for cell in cells]
    text = np.array([i for i, value in enumerate(values) if value is None], dtype=np.intp)
    if len(text):
        raise ValuesError(_text_message(name, cells, text, where))
    return np.array(values, dtype=np.float64)


def _number(cell: Any) -> float | None:
    """The number in a cell, NaN where it is missing, None where it is text."""
    word = str(cell).strip().lower()
    if word in MISSING:
        return float("nan")
    if word in _TRUTH:
        return _TRUTH[word]
    try:
        # Python reads "1_000" as a number; a table that says so more likely holds codes
        return None if "_" in word else float(word)
    except ValueError:
        return None


def _text_message(name: str, cells: NDArray[Any], text: NDArray[np.intp], where: Where) -> str:
    first = places(text[:1], where)
    if has_comma(str(cells[text[0]])):
        return _comma_message(name, [str(cells[i]).strip() for i in text], first)
    example = str(cells[text[0]])
    example = example if len(example) <= 40 else example[:37] + "..."
    if is_date(example):
        return (
            f"column {name!r} holds dates, like {example!r} ({first}). Leave it out, or write the time as a number "
            f"(days since the first row, say)."
        )
    if len(text) == len(cells):
        return (
            f"column {name!r} holds text, like {example!r} ({first}). Leave it out, turn it into numbers, or make "
            f"each word an input of 0 and 1: Table.from_frame(..., one_hot=[{name!r}]), --one-hot for files."
        )
    return (
        f"column {name!r} has text in {len(text)} of {len(cells)} cells, like {example!r} ({first}). "
        f"Correct or drop {'this row' if len(text) == 1 else 'these rows'}, or leave the column out of the inputs."
    )


def _comma_message(name: str, words: Sequence[str], first: str) -> str:
    """Which commas these are, as far as the column tells, and what to do about them."""
    holds = f"column {name!r} holds {words[0]!r} ({first})"
    decimal, whole = _readings(words[0])
    say_so = "--decimal-comma (in Python: decimal_comma=True)"
    if any(_parts_thousands(word) and not _is_decimal_comma(word) for word in words):
        return f"{holds}: commas between thousands. Write numbers without them, like {whole}."
    if any(_is_decimal_comma(word) and not _parts_thousands(word) for word in words):
        return f"{holds}: a decimal comma. Say so: {say_so}; or write numbers with a point, like {decimal}."
    return (
        f"{holds}: {decimal} with a decimal comma, or {whole} with a comma between thousands? For the first say {say_so}; "
        f"for the second write numbers without commas, like {whole}."
    )


def _readings(cell: str) -> tuple[str, str]:
    """The number in a cell with a comma before its decimals, and with commas between thousands."""
    decimal = cell.replace(",", ".", 1)
    return f"{float(decimal):g}" if _is_decimal_comma(cell) else decimal, cell.replace(",", "")
