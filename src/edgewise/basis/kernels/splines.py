"""The fused kernels: a layer's sums and both gradients, without the matrix of the basis.

At a point only ``degree + 1`` functions of an input are not zero. The sums of a row are as many row updates for each input,
and one for its residual function: vectors over the outputs, held in registers. Work goes by blocks of ``block`` rows and
``inputs`` inputs (8 at most), small enough that their values and weights stay in a near cache.

    sums          y[b]    = bias + sum over i of  values(x[b, i]) . weight[i, piece .. piece + degree]  + residual
    grad_x        dx[b,i] = (slopes(x[b, i]) . weight[i, piece ..]) . g[b]
    grad_weight   dw[i]   = sum over b of  values(x[b, i]) (outer) g[b], the rows sorted by piece, so that the rows of
                            dw[i] that a piece touches are read and written once

Each is one function for any range of rows (or, the last, of inputs), without locks: threads take ranges, and the order of
every addition is the same for any number of them.

Weights come packed as (tiles, n_in, n_basis + 1, lanes), the tile of outputs first; ``g`` of ``grad_weight`` as (tiles,
batch, lanes). Values of the residual function and its slopes come as arrays like x.
"""

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from .pieces import FEW, HEADER, MANY
from .vectors import (
    add_outer,
    add_scaled,
    between,
    cell_of,
    count_reached,
    dot,
    get,
    load,
    load_first,
    load_rows,
    nothing_counted,
    polynomial_slopes,
    polynomials,
    put,
    scaled,
    store,
    store_rows,
)

LANES = 8  # inputs are located so many at a time


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on the first call, without the interpreter's lock; keep the result on disk where there is a place for it."""
    bare = inspect.unwrap(function)  # what checks annotations in the tests has wrapped it
    settings = {
        "nogil": True,
        "error_model": "numpy",
        "_nrt": False,
    }  # arrays are lent: counting references costs a third
    try:
        return njit(cache=True, **settings)(bare)
    except RuntimeError:  # no directory that can be written
        return njit(**settings)(bare)


@_compiled
def locate(  # type: ignore[no-untyped-def]
    x, at, count, first_input, kind, origin, low, high, breaks, per_unit, intervals, near, piece
):
    """The clamped positions of ``count`` values of one row, and their pieces or (kind ``MANY``) their cells."""
    lowest = load_first(low, first_input, count, LANES)
    clamped = between(load_first(x, at, count, LANES), lowest, load_first(high, first_input, count, LANES))
    store(near, 0, clamped)
    if kind == FEW:
        counts = nothing_counted(clamped)
        for k in range(intervals - 1):
            counts = count_reached(counts, clamped, load_first(breaks, k * low.size + first_input, count, LANES))
        store(piece, 0, counts)
    else:
        begin = load_first(origin, first_input, count, LANES)
        store(piece, 0, cell_of(clamped, begin, load_first(per_unit, first_input, count, LANES)))


@_compiled
def settle(kind, near, found, input_, first, cells, table, record, intervals):  # type: ignore[no-untyped-def]
    """The piece: what was located, or from the first piece of the cell on upwards."""
    cell = min(np.int64(found), cells - 1)
    if kind != MANY:
        return cell
    piece = np.int64(get(first, input_ * cells + cell))
    while near >= get(table, (input_ * intervals + piece) * record + 2):
        piece += 1
    return piece


@lru_cache
def spline_kernels(degree: int, lanes: int, narrow: int, held: bool) -> tuple[Callable[..., Any], ...]:
    """``sums``, ``grad_x`` and ``grad_weight`` for one degree.

    ``lanes`` outputs make a tile of the first two, ``narrow`` of the last. ``held``: beyond the borders values stay what they
    are there (otherwise they go on linearly).
    """
    rows = degree + 1
    width = 1 << degree.bit_length() if degree > 1 else 2
    slot = 8 if rows + 1 <= 8 else 16  # values of one (row, input): rows of them, then the residual's

    @_compiled
    def sums(  # type: ignore[no-untyped-def]
        x, extra, n_in, n_out, kind, origin, low, high, breaks, per_unit, first, cells, table, record, intervals,
        weight, bias, y, start, stop, block, inputs, values, places, near, piece,
    ):  # fmt: skip
        features = intervals + degree + 1
        for low_row in range(start, stop, block):
            high_row = min(low_row + block, stop)
            for i0 in range(0, n_in, inputs):
                count = min(inputs, n_in - i0)
                for b in range(low_row, high_row):
                    locate(
                        x, b * n_in + i0, count, i0, kind, origin, low, high, breaks, per_unit, intervals, near, piece
                    )
                    for j in range(count):
                        at, place = b * n_in + i0 + j, (b - low_row) * inputs + j
                        found = settle(
                            kind, get(near, j), get(piece, j), i0 + j, first, cells, table, record, intervals
                        )
                        entry = ((i0 + j) * intervals + found) * record
                        per_width, beyond = get(table, entry + 1), get(x, at) - get(near, j)
                        t = (get(near, j) - get(table, entry)) * per_width
                        value = polynomials(table, entry + HEADER, t, degree, width)
                        if beyond != 0 and not held:
                            slope = polynomial_slopes(table, entry + HEADER, t, degree, width)
                            value = add_scaled(beyond * per_width, slope, value)
                        store(values, place * slot, value)
                        put(values, place * slot + rows, get(extra, at))
                        put(places, place, (j * features + found) * lanes)
                for tile in range(n_out // lanes):
                    base = (tile * n_in + i0) * features * lanes
                    for b in range(low_row, high_row):
                        total = load(bias, tile * lanes, lanes)
                        if i0 > 0:
                            total = load(y, b * n_out + tile * lanes, lanes)
                        for j in range(count):
                            place = (b - low_row) * inputs + j
                            row = base + get(places, place)
                            for k in range(rows):
                                total = add_scaled(
                                    get(values, place * slot + k), load(weight, row + k * lanes, lanes), total
                                )
                            last = load(weight, base + (j * features + features - 1) * lanes, lanes)
                            total = add_scaled(get(values, place * slot + rows), last, total)
                        store(y, b * n_out + tile * lanes, total)

    @_compiled
    def grad_x(  # type: ignore[no-untyped-def]
        x, extra, n_in, n_out, kind, origin, low, high, breaks, per_unit, first, cells, table, record, intervals,
        weight, g, dx, start, stop, block, inputs, values, places, near, piece,
    ):  # fmt: skip
        features = intervals + degree + 1
        for low_row in range(start, stop, block):
            high_row = min(low_row + block, stop)
            for i0 in range(0, n_in, inputs):
                count = min(inputs, n_in - i0)
                for b in range(low_row, high_row):
                    locate(
                        x, b * n_in + i0, count, i0, kind, origin, low, high, breaks, per_unit, intervals, near, piece
                    )
                    for j in range(count):
                        at, place = b * n_in + i0 + j, (b - low_row) * inputs + j
                        found = settle(
                            kind, get(near, j), get(piece, j), i0 + j, first, cells, table, record, intervals
                        )
                        entry = ((i0 + j) * intervals + found) * record
                        per_width, beyond = get(table, entry + 1), get(x, at) - get(near, j)
                        t = (get(near, j) - get(table, entry)) * per_width
                        if beyond != 0 and held:
                            per_width = 0 * beyond
                        slope = polynomial_slopes(table, entry + HEADER, t, degree, width)
                        store(values, place * slot, scaled(per_width, slope))
                        put(values, place * slot + rows, get(extra, at))
                        put(places, place, (j * features + found) * lanes)
                        put(dx, at, 0 * get(extra, at))
                for tile in range(n_out // lanes):
                    base = (tile * n_in + i0) * features * lanes
                    for b in range(low_row, high_row):
                        upstream = load(g, b * n_out + tile * lanes, lanes)
                        for j in range(count):
                            place = (b - low_row) * inputs + j
                            row = base + get(places, place)
                            last = load(weight, base + (j * features + features - 1) * lanes, lanes)
                            total = scaled(get(values, place * slot + rows), last)
                            for k in range(rows):
                                total = add_scaled(
                                    get(values, place * slot + k), load(weight, row + k * lanes, lanes), total
                                )
                            at = b * n_in + i0 + j
                            put(dx, at, get(dx, at) + dot(total, upstream))

    @_compiled
    def grad_weight(  # type: ignore[no-untyped-def]
        x, extra, n_in, n_out, kind, origin, low, high, breaks, per_unit, first, cells, table, record, intervals,
        g, dw, batch, start, stop, block, inputs, values, order, pieces, ends, near, piece,
    ):  # fmt: skip
        features = intervals + degree + 1
        for low_row in range(0, batch, block):
            high_row = min(low_row + block, batch)
            for i0 in range(start, stop, inputs):
                count = min(inputs, stop - i0)
                for k in range(count * (intervals + 1)):
                    put(ends, k, 0)
                for b in range(low_row, high_row):
                    locate(
                        x, b * n_in + i0, count, i0, kind, origin, low, high, breaks, per_unit, intervals, near, piece
                    )
                    for j in range(count):
                        found = settle(
                            kind, get(near, j), get(piece, j), i0 + j, first, cells, table, record, intervals
                        )
                        put(pieces, j * block + b - low_row, found)
                        here = j * (intervals + 1) + found + 1
                        put(ends, here, get(ends, here) + 1)
                for j in range(count):
                    for p in range(intervals):
                        here = j * (intervals + 1) + p
                        put(ends, here + 1, get(ends, here + 1) + get(ends, here))
                    lowest, highest = get(low, i0 + j), get(high, i0 + j)
                    for b in range(low_row, high_row):
                        at, found = b * n_in + i0 + j, get(pieces, j * block + b - low_row)
                        inside = get(x, at)
                        if inside < lowest:
                            inside = lowest
                        if inside > highest:
                            inside = highest
                        here = j * (intervals + 1) + found
                        place = j * block + get(ends, here)
                        put(ends, here, get(ends, here) + 1)
                        entry = ((i0 + j) * intervals + found) * record
                        per_width, beyond = get(table, entry + 1), get(x, at) - inside
                        t = (inside - get(table, entry)) * per_width
                        value = polynomials(table, entry + HEADER, t, degree, width)
                        if beyond != 0 and not held:
                            slope = polynomial_slopes(table, entry + HEADER, t, degree, width)
                            value = add_scaled(beyond * per_width, slope, value)
                        store(values, place * slot, value)
                        put(values, place * slot + rows, get(extra, at))
                        put(order, place, b * narrow)
                for tile in range(n_out // narrow):
                    for j in range(count):
                        top = ((i0 + j) * features) * n_out + tile * narrow
                        last = load_rows(dw, top + (features - 1) * n_out, n_out, 1, narrow)
                        begin = 0
                        for p in range(intervals):
                            end = get(ends, j * (intervals + 1) + p)
                            if end > begin:
                                total = load_rows(dw, top + p * n_out, n_out, rows, narrow)
                                for place in range(j * block + begin, j * block + end):
                                    upstream = load(g, tile * batch * narrow + get(order, place), narrow)
                                    total = add_outer(total, values, place * slot, upstream)
                                    last = add_outer(last, values, place * slot + rows, upstream)
                                store_rows(dw, top + p * n_out, n_out, total)
                                begin = end
                        store_rows(dw, top + (features - 1) * n_out, n_out, last)

    return sums, grad_x, grad_weight
