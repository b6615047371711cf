"""Two networks that are one function, told in the same words.

The function of a network says less than its edges do. Hidden nodes may change places; a node that adds may be measured
from another zero and in another unit, upside down too, if the edges that leave it are read accordingly; a constant may
move from one edge to another of the same sum; and a factor of a product may lend its size to the next. `align` finds the
places, units and zeros in which the hidden nodes of one network have the mean and the spread of another's on the same
rows (root mean square and sign for factors, whose zero is their own), so that what is left between their edges is a
difference of functions.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from edgewise.nn import LayerTrace, Trace

Array = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Reading:
    """How nodes or sums of one network read in another's words: the i-th is ``scale[i] * theirs[places[i]] + shift[i]``."""

    places: Places
    scale: Array
    shift: Array

    @classmethod
    def plain(cls, count: int) -> "Reading":
        """As they are."""
        return cls(np.arange(count), np.ones(count), np.zeros(count))


@dataclass(frozen=True)
class LayerReading:
    """What enters a layer, and its sums."""

    sources: Reading
    sums: Reading


def align(theirs: Trace, ours: Trace, weights: Array | None = None) -> tuple[LayerReading, ...]:
    """How to read each layer of ``theirs`` in the words of ``ours``: traces of networks of one shape on the same rows.

    Rows count by ``weights`` (rows,). Outputs stay in their places and units.
    """
    share = np.full(len(ours.output), 1 / len(ours.output)) if weights is None else weights / weights.sum()
    sources = Reading.plain(ours.layers[0].preactivations.shape[1])
    readings = []
    last = len(ours.layers) - 1
    for number, (their, our) in enumerate(zip(theirs.layers, ours.layers, strict=True)):
        places = np.arange(len(our.arity)) if number == last else _places(their, our, share)
        sums, nodes = _read(their, our, places, share, is_output=number == last)
        readings.append(LayerReading(sources, sums))
        sources = nodes
    return tuple(readings)


def _places(their: LayerTrace, our: LayerTrace, share: Array) -> Places:
    """The nodes of theirs that are most like ours, each once; only nodes of equal arity can be."""
    alike = np.abs(_likeness(_numbers(their.nodes), _numbers(our.nodes), share, centred=True))
    different = np.array(our.arity)[:, None] != np.array(their.arity)[None, :]
    return linear_sum_assignment(np.where(different, -2.0, alike), maximize=True)[1]


def _read(
    their: LayerTrace, our: LayerTrace, places: Places, share: Array, *, is_output: bool
) -> tuple[Reading, Reading]:
    """The sums of a layer, and its nodes."""
    their_sums, our_sums = _numbers(their.sums), _numbers(our.sums)
    their_ends, our_ends = (np.concatenate([[0], np.cumsum(layer.arity)]) for layer in (their, our))
    order = np.empty(our_sums.shape[1], dtype=np.intp)
    scale, shift = np.ones(len(order)), np.zeros(len(order))
    node_scale, node_shift = np.ones(len(places)), np.zeros(len(places))
    for node, ((first, end), place) in enumerate(zip(pairwise(our_ends), places, strict=True)):
        begin = their_ends[place]
        if end - first == 1:
            order[first] = begin
            if not is_output:
                scale[first], shift[first] = _unit(their_sums[:, begin], our_sums[:, first], share)
                node_scale[node], node_shift[node] = scale[first], shift[first]
            continue
        factors = their_sums[:, begin : begin + end - first]
        within, sizes = _factors(factors, our_sums[:, first:end], share, is_output=is_output)
        order[first:end], scale[first:end] = begin + within, sizes
        node_scale[node] = np.prod(sizes)
    return Reading(order, scale, shift), Reading(places, node_scale, node_shift)


def _unit(theirs: Array, ours: Array, share: Array) -> tuple[float, float]:
    """Scale and shift that give their values the mean, the spread and the direction of ours."""
    mean, our_mean = share @ theirs, share @ ours
    spread, our_spread = (np.sqrt(share @ (v - share @ v) ** 2) for v in (theirs, ours))
    upright = np.sign(share @ ((theirs - mean) * (ours - our_mean))) or 1.0
    scale = float(upright * our_spread / spread) if spread > 0 and our_spread > 0 else 1.0
    return scale, float(our_mean - scale * mean)


def _factors(theirs: Array, ours: Array, share: Array, *, is_output: bool) -> tuple[Places, Array]:
    """Which of their factors is ours, and their sizes in ours; those of an output multiply to one."""
    alike = _likeness(theirs, ours, share, centred=False)
    places = linear_sum_assignment(np.abs(alike), maximize=True)[1]
    chosen = alike[np.arange(len(places)), places]
    sizes = np.sqrt(share @ ours**2) / np.maximum(np.sqrt(share @ theirs[:, places] ** 2), 1e-300)
    signs = np.where(chosen < 0, -1.0, 1.0)
    if is_output:
        sizes = sizes / np.exp(np.mean(np.log(np.maximum(sizes, 1e-300))))
        signs[np.argmin(np.abs(chosen))] *= np.prod(signs)
    return places, sizes * signs


def _likeness(theirs: Array, ours: Array, share: Array, *, centred: bool) -> Array:
    """The cosine of each of our columns with each of theirs (the correlation, if centred); 0 where one is constant."""
    columns = [v - share @ v if centred else v for v in (ours, theirs)]
    lengths = [np.sqrt(share @ v**2) for v in columns]
    one, other = (v / np.where(length > 0, length, np.inf) for v, length in zip(columns, lengths, strict=True))
    return (one * share[:, None]).T @ other


def _numbers(values: object) -> Array:
    return np.asarray(values, dtype=np.float64)
