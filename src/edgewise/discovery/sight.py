"""How a network sees a table: columns of about one size, placed so that it can have the shapes that were asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgewise.data import Table
from edgewise.errors import SettingsError
from edgewise.nn import Scaling, Shaping
from edgewise.nn.shaping import OPPOSITE

from .prepare import Prepared
from .shapes import OF_TARGET, Asked, Shapes

Ends = tuple[float, float]


@dataclass(frozen=True)
class Sight:
    """``into`` and ``target`` scale the columns; ``shaping`` is what was asked, in the network's units (None: nothing)."""

    into: Scaling
    target: Scaling
    shaping: Shaping | None = None

    @classmethod
    def of(cls, prepared: Prepared, shapes: Shapes | None = None) -> "Sight":
        """Inputs in [-1, 1], target with mean 0 and spread 1, unless a shape wants it otherwise: the middle of an input that
        is even or odd is 0, inputs that may be exchanged have one scale, periods reach from -1 to 1, a target that is positive or
        odd keeps its 0, and a negative one its sign (by a negative scale). Raises SettingsError for shapes that no network can
        have together."""
        train = prepared.network_train
        target = Scaling.to_unit_spread(train.y[:, None], train.weights)
        asked = [] if shapes is None else _of_inputs(shapes, train)
        if not asked:
            return cls(Scaling.to_unit_range(train.x), target)
        sign = next((OF_TARGET[one.word] for one in asked if one.word in OF_TARGET), 0)
        shaping = _shaping(asked, train.inputs, sign)
        if sign or shaping.odd:
            target = Scaling((0.0,), tuple((-scale if sign < 0 else scale) for scale in target.scale))
        return cls(_placed(asked, shaping, train), target, shaping)


def left_out(prepared: Prepared, shapes: Shapes | None) -> tuple[str, ...]:
    """A note where a shape is of a column that no network sees."""
    if shapes is None:
        return ()
    missing = [one for one in shapes.asked if _of_column(shapes, one, prepared.network_train) is None]
    named = ", ".join(map(str, missing))
    return (f"the network does not know of {named}: the column was left aside.",) if missing else ()


def _of_inputs(shapes: Shapes, train: Table) -> list[Asked]:
    found = [_of_column(shapes, one, train) for one in shapes.asked]
    return [one for one in found if one is not None]


def _of_column(shapes: Shapes, one: Asked, train: Table) -> Asked | None:
    """What was asked, of the columns that the network sees; None where it sees none of them."""
    if one.word in OF_TARGET:
        return one
    column, other = (shapes.twins.get(name, name) for name in (one.column, one.other))
    if column not in train.inputs or (other and other not in train.inputs):
        return None
    return Asked(column, one.word, one.period, other)


def _shaping(asked: Sequence[Asked], inputs: Sequence[str], sign: int) -> Shaping:
    if {one.word for one in asked} >= OF_TARGET.keys():
        raise SettingsError("positive and negative: no number is both. Ask for one of them.")
    words: dict[int, list[str]] = {}
    pairs = []
    for one in asked:
        if one.other:
            if one.other != one.column:
                pairs.append((inputs.index(one.column), inputs.index(one.other)))
        elif one.word not in OF_TARGET:
            word = OPPOSITE.get(one.word, one.word) if sign < 0 else one.word
            words.setdefault(inputs.index(one.column), []).append(word)
    said = {number: " and ".join(every) for number, every in words.items()}
    return Shaping.of(len(inputs), said, pairs, positive=sign != 0, names=tuple(inputs))


def _placed(asked: Sequence[Asked], shaping: Shaping, train: Table) -> Scaling:
    """Shift, scale and period of each input; those that may be exchanged have the same."""
    ends: dict[int, Ends] = {}
    periods = _periods(asked, shaping, train.inputs)
    for number, name in enumerate(train.inputs):
        every = [train.columns[train.inputs[other]] for other in shaping.alike(number)]
        low, high = min(float(part.min()) for part in every), max(float(part.max()) for part in every)
        if number in periods:
            low, high = -periods[number] / 2, periods[number] / 2
        elif shaping.words[number] & {"even", "odd"}:
            high = max(-low, high)
            low = -high
        ends[number] = (low, high)
        if not low < high:
            raise SettingsError(f"a shape is asked of {name!r}, which does not vary.")
    scaling = Scaling.to_unit_range(np.array([ends[number] for number in range(len(train.inputs))]).T)
    if not periods:
        return scaling
    return Scaling(scaling.shift, scaling.scale, tuple(periods.get(number, 0.0) for number in range(len(ends))))


def _periods(asked: Sequence[Asked], shaping: Shaping, inputs: Sequence[str]) -> Mapping[int, float]:
    periods: dict[int, float] = {}
    for one in asked:
        for number in shaping.alike(inputs.index(one.column)) if one.period else ():
            if periods.setdefault(number, one.period) != one.period:
                raise SettingsError(
                    f"periodic {one.period:g} in {one.column!r}, which also repeats after {periods[number]:g}. Ask for one of "
                    "them."
                )
    return periods
