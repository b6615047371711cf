"""The fused kernels: a layer's sums and both gradients, without the matrix of the basis.

At a point only ``degree + 1`` functions of an input are not zero. The sums of a row are as many row updates for each input,
and one for its residual function: vectors over the outputs, held in registers. Work goes by blocks of ``block`` rows and
``inputs`` inputs (8 at most), small enough that their values and weights stay in a near cache.

    sums          y[b]    = bias + sum over i of  values(x[b, i]) . weight[i, piece .. piece + degree]  + residual
    grad_x        dx[b,i] = (slopes(x[b, i]) . weight[i, piece ..]) . g[b]
    grad_weight   dw[i]   = sum over b of  values(x[b, i]) (outer) g[b], the rows sorted by piece, so that the rows of
                            dw[i] that a piece touches are read and written once

Inputs at ``rest`` (see `resting`) are passed over by ``sums`` and ``grad_weight``.

Each is one function for any range of rows (or, the last, of inputs), without locks: threads take ranges, and the order of
every addition is the same for any number of them.

Weights come packed as (tiles, n_in, n_basis + 1, lanes), the tile of outputs first; ``g`` of ``grad_weight`` as (tiles,
batch, lanes). Values of the residual function and its slopes come as arrays like x.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numba import literally

from .compiling import inner, kernel, stamp
from .pieces import FEW, HEADER, MANY, SLOT
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
STAMP = stamp("splines.py", "vectors.py")


@inner
def locate(spline, x, at, count, first_input, near, piece):  # type: ignore[no-untyped-def]
    """The clamped positions of ``count`` values of one row, and their pieces or (kind ``MANY``) their cells."""
    lowest = load_first(spline.low, first_input, count, LANES)
    highest = load_first(spline.high, first_input, count, LANES)
    clamped = between(load_first(x, at, count, LANES), lowest, highest)
    store(near, 0, clamped)
    if spline.kind == FEW:
        counts = nothing_counted(clamped)
        for k in range(spline.intervals - 1):
            mark = load_first(spline.breaks, k * spline.low.size + first_input, count, LANES)
            counts = count_reached(counts, clamped, mark)
        store(piece, 0, counts)
    else:
        begin = load_first(spline.origin, first_input, count, LANES)
        store(piece, 0, cell_of(clamped, begin, load_first(spline.per_unit, first_input, count, LANES)))


@inner
def all_rest(spline, x, at, count, first_input):  # type: ignore[no-untyped-def]
    """Whether ``count`` values of one row all are at rest."""
    still = 0
    for j in range(count):
        still += get(x, at + j) == get(spline.rest, first_input + j)
    return still == count


@inner
def settle(spline, near, found, source):  # type: ignore[no-untyped-def]
    """The piece: what was located, or from the first piece of the cell on upwards."""
    cell = min(np.int64(found), spline.cells - 1)
    if spline.kind != MANY:
        return cell
    piece = np.int64(get(spline.first, source * spline.cells + cell))
    while near >= get(spline.table, (source * spline.intervals + piece) * spline.record + 2):
        piece += 1
    return piece


@inner
def values_at(spline, entry, near, x, degree, width, held):  # type: ignore[no-untyped-def]
    """The functions that are not zero; beyond the borders linear, or ``held`` at what they are there."""
    literally(degree)
    literally(width)
    per_width, beyond = get(spline.table, entry + 1), x - near
    t = (near - get(spline.table, entry)) * per_width
    value = polynomials(spline.table, entry + HEADER, t, degree, width)
    if beyond != 0 and not held:
        slope = polynomial_slopes(spline.table, entry + HEADER, t, degree, width)
        value = add_scaled(beyond * per_width, slope, value)
    return value


@inner
def slopes_at(spline, entry, near, x, degree, width, held):  # type: ignore[no-untyped-def]
    """Their derivatives by x."""
    literally(degree)
    literally(width)
    per_width = get(spline.table, entry + 1)
    t = (near - get(spline.table, entry)) * per_width
    if x != near and held:
        per_width = near - near  # 0, and no number where x is none
    return scaled(per_width, polynomial_slopes(spline.table, entry + HEADER, t, degree, width))


@inner
def place_block(  # type: ignore[no-untyped-def]
    spline,
    x,
    extra,
    n_in,
    rows,
    i0,
    count,
    inputs,
    lanes,
    degree,
    width,
    held,
    steep,
    values,
    places,
    near,
    piece,
):
    """Values (or slopes, if ``steep``) of a block of rows and inputs, the residual's behind; where their weights begin."""
    features = spline.intervals + degree + 1
    for b in range(rows[0], rows[1]):
        if not steep and all_rest(spline, x, b * n_in + i0, count, i0):
            for j in range(count):
                put(places, (b - rows[0]) * inputs + j, -1)
            continue
        locate(spline, x, b * n_in + i0, count, i0, near, piece)
        for j in range(count):
            at, place = b * n_in + i0 + j, (b - rows[0]) * inputs + j
            if not steep and get(x, at) == get(spline.rest, i0 + j):
                put(places, place, -1)
                continue
            found = settle(spline, get(near, j), get(piece, j), i0 + j)
            entry = ((i0 + j) * spline.intervals + found) * spline.record
            if steep:
                store(values, place * SLOT, slopes_at(spline, entry, get(near, j), get(x, at), degree, width, held))
            else:
                store(values, place * SLOT, values_at(spline, entry, get(near, j), get(x, at), degree, width, held))
            put(values, place * SLOT + degree + 1, get(extra, at))
            put(places, place, (j * features + found) * lanes)


@lru_cache
def spline_kernels(degree: int, lanes: int, narrow: int, held: bool) -> tuple[Callable[..., Any], ...]:
    """``sums``, ``grad_x`` and ``grad_weight`` for one degree.

    ``lanes`` outputs make a tile of the first two, ``narrow`` of the last. ``held``: beyond the borders values stay what they
    are there (otherwise they go on linearly).
    """
    rows = degree + 1
    width = 1 << degree.bit_length() if degree > 1 else 2
    stamped = STAMP

    @kernel
    def sums(  # type: ignore[no-untyped-def]
        spline, x, extra, n_in, n_out, weight, bias, y, start, stop, block, inputs, values, places, near, piece
    ):
        _ = stamped
        features = spline.intervals + degree + 1
        for low_row in range(start, stop, block):
            high_row = min(low_row + block, stop)
            for i0 in range(0, n_in, inputs):
                count = min(inputs, n_in - i0)
                place_block(
                    spline, x, extra, n_in, (low_row, high_row), i0, count, inputs, lanes,
                    degree, width, held, False, values, places, near, piece,
                )  # fmt: skip
                for tile in range(n_out // lanes):
                    base = (tile * n_in + i0) * features * lanes
                    for b in range(low_row, high_row):
                        total = load(bias, tile * lanes, lanes)
                        if i0 > 0:
                            total = load(y, b * n_out + tile * lanes, lanes)
                        for j in range(count):
                            place = (b - low_row) * inputs + j
                            row = base + get(places, place)
                            if row < base:
                                continue
                            for k in range(rows):
                                value = get(values, place * SLOT + k)
                                total = add_scaled(value, load(weight, row + k * lanes, lanes), total)
                            last = load(weight, base + (j * features + features - 1) * lanes, lanes)
                            total = add_scaled(get(values, place * SLOT + rows), last, total)
                        store(y, b * n_out + tile * lanes, total)

    @kernel
    def grad_x(  # type: ignore[no-untyped-def]
        spline, x, extra, n_in, n_out, weight, g, dx, start, stop, block, inputs, values, places, near, piece
    ):
        _ = stamped
        features = spline.intervals + degree + 1
        for low_row in range(start, stop, block):
            high_row = min(low_row + block, stop)
            for i0 in range(0, n_in, inputs):
                count = min(inputs, n_in - i0)
                place_block(
                    spline, x, extra, n_in, (low_row, high_row), i0, count, inputs, lanes,
                    degree, width, held, True, values, places, near, piece,
                )  # fmt: skip
                for tile in range(n_out // lanes):
                    base = (tile * n_in + i0) * features * lanes
                    for b in range(low_row, high_row):
                        upstream = load(g, b * n_out + tile * lanes, lanes)
                        for j in range(count):
                            place = (b - low_row) * inputs + j
                            row = base + get(places, place)
                            last = load(weight, base + (j * features + features - 1) * lanes, lanes)
                            total = scaled(get(values, place * SLOT + rows), last)
                            for k in range(rows):
                                value = get(values, place * SLOT + k)
                                total = add_scaled(value, load(weight, row + k * lanes, lanes), total)
                            at = b * n_in + i0 + j
                            before = get(dx, at) if tile > 0 else 0 * get(extra, at)
                            put(dx, at, before + dot(total, upstream))

    @kernel
    def grad_weight(  # type: ignore[no-untyped-def]
        spline,
        x,
        extra,
        n_in,
        n_out,
        g,
        dw,
        batch,
        start,
        stop,
        block,
        inputs,
        values,
        order,
        pieces,
        ends,
        near,
        piece,
    ):
        _ = stamped
        intervals, features = spline.intervals, spline.intervals + degree + 1
        for low_row in range(0, batch, block):
            high_row = min(low_row + block, batch)
            for i0 in range(start, stop, inputs):
                count = min(inputs, stop - i0)
                for k in range(count * (intervals + 1)):
                    put(ends, k, 0)
                for b in range(low_row, high_row):
                    if all_rest(spline, x, b * n_in + i0, count, i0):
                        for j in range(count):
                            put(pieces, j * block + b - low_row, -1)
                        continue
                    locate(spline, x, b * n_in + i0, count, i0, near, piece)
                    for j in range(count):
                        if get(x, b * n_in + i0 + j) == get(spline.rest, i0 + j):
                            put(pieces, j * block + b - low_row, -1)
                            continue
                        found = settle(spline, get(near, j), get(piece, j), i0 + j)
                        put(pieces, j * block + b - low_row, found)
                        here = j * (intervals + 1) + found + 1
                        put(ends, here, get(ends, here) + 1)
                for j in range(count):
                    for p in range(intervals):
                        here = j * (intervals + 1) + p
                        put(ends, here + 1, get(ends, here + 1) + get(ends, here))
                    lowest, highest = get(spline.low, i0 + j), get(spline.high, i0 + j)
                    for b in range(low_row, high_row):
                        at, found = b * n_in + i0 + j, get(pieces, j * block + b - low_row)
                        if found < 0:
                            continue
                        inside = get(x, at)
                        if inside < lowest:
                            inside = lowest
                        if inside > highest:
                            inside = highest
                        here = j * (intervals + 1) + found
                        place = j * block + get(ends, here)
                        put(ends, here, get(ends, here) + 1)
                        entry = ((i0 + j) * intervals + found) * spline.record
                        store(values, place * SLOT, values_at(spline, entry, inside, get(x, at), degree, width, held))
                        put(values, place * SLOT + rows, get(extra, at))
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
                                    total = add_outer(total, values, place * SLOT, upstream)
                                    last = add_outer(last, values, place * SLOT + rows, upstream)
                                store_rows(dw, top + p * n_out, n_out, total)
                                begin = end
                        store_rows(dw, top + (features - 1) * n_out, n_out, last)

    return sums, grad_x, grad_weight
