"""All steps of Adam on one small network of splines as one compiled function; imported only where it is used.

A step goes over the rows in groups of ``GROUP``, forward and at once backward, so that what lies between stays in the
nearest cache. The first layer's functions were evaluated before: a row adds up ``degree + 2`` rows of weights for each
input, vectors over the sums. Inner layers go by edges, vectors over the rows: an edge is one polynomial a piece, made from
the weights once a step, and the gradient needs of each piece only the sums of (upstream x powers of the local position),
which the same matrix takes back to the weights at the end of the step.

Steps are those of torch.optim.Adam (D. Kingma and J. Ba, "Adam", ICLR 2015, algorithm 1), in float64.

All arrays are flat but ``meta``, a row a layer: 0 inputs, 1 sums, 2 nodes, 3 features, 4 degree, 5 residual, 6 whether
values are held beyond the borders, then where things of the layer begin: 7 its inputs, 8 sums, 9 edges, 10 weights,
11 biases, 12 breaks, 13 table, 14 records of pieces, 15 its outputs.
"""

import math
from typing import Any

import numpy as np

from edgewise.basis.kernels.arithmetic import (
    FOUR,
    RECORD,
    add,
    divide,
    exponential,
    multiply,
    multiply_add,
    records_at,
    spread,
    subtract,
    total,
    turned_rows,
    value_and_slope,
    where_zero,
)
from edgewise.basis.kernels.compiling import inner, kernel, stamp
from edgewise.basis.kernels.vectors import add_scaled, between, count_reached, get, load, nothing_counted, put, scaled
from edgewise.basis.kernels.vectors import store as keep

GROUP = 32  # rows that go forward and backward together
LANES = 8
STAMP = stamp("arithmetic.py", "vectors.py")
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # torch's defaults


@inner
def write_records(meta, layer, theta, table, records):  # type: ignore[no-untyped-def]
    """The polynomial of each edge on each piece, from its weights."""
    n_in, n_sums, features, d = meta[layer, 0], meta[layer, 1], meta[layer, 3], meta[layer, 4]
    pieces, edge = features - 1 - d, 0
    for i in range(n_in):
        for _ in range(n_sums):
            weights = meta[layer, 10] + edge * features
            for p in range(pieces):
                record = meta[layer, 14] + (edge * pieces + p) * RECORD
                powers = meta[layer, 13] + (i * pieces + p) * (d + 1) * (d + 1)
                for k in range(d + 1):
                    coefficient = 0.0
                    for f in range(d + 1):
                        coefficient += get(table, powers + k * (d + 1) + f) * get(theta, weights + p + f)
                    put(records, record + 2 + k, coefficient)
            edge += 1


@inner
def read_moments(meta, layer, gradient, table, moments):  # type: ignore[no-untyped-def]
    """The way back of ``write_records``, for gradients."""
    n_in, n_sums, features, d = meta[layer, 0], meta[layer, 1], meta[layer, 3], meta[layer, 4]
    pieces, edge = features - 1 - d, 0
    for i in range(n_in):
        for _ in range(n_sums):
            weights = meta[layer, 10] + edge * features
            for p in range(pieces):
                record = meta[layer, 14] + (edge * pieces + p) * RECORD
                powers = meta[layer, 13] + (i * pieces + p) * (d + 1) * (d + 1)
                for k in range(d + 1):
                    moment = get(moments, record + k)
                    for f in range(d + 1):
                        at = weights + p + f
                        put(gradient, at, get(gradient, at) + get(table, powers + k * (d + 1) + f) * moment)
            edge += 1


@inner
def add_rows(values, value, weights, at, wide, count, found):  # type: ignore[no-untyped-def]
    """found + the sum of values[k] * (row k of the weights); with a constant ``count`` the loop is rolled out"""
    for f in range(count):
        found = add_scaled(get(values, value + f), load(weights, at + f * wide, LANES), found)
    return found


@inner
def add_to_rows(values, value, gradient, at, wide, count, up):  # type: ignore[no-untyped-def]
    """The way back of ``add_rows``."""
    for f in range(count):
        here = at + f * wide
        keep(gradient, here, add_scaled(get(values, value + f), up, load(gradient, here, LANES)))


@inner
def first_sums(meta, theta, values, places, row, sums):  # type: ignore[no-untyped-def]
    """The sums of the first layer."""
    n_in, n_sums, features, d = meta[0, 0], meta[0, 1], meta[0, 3], meta[0, 4]
    wide = (n_sums + LANES - 1) // LANES * LANES
    for tile in range(0, wide, LANES):
        for r in range(GROUP):
            found = load(theta, meta[0, 11] + tile, LANES)
            for i in range(n_in):
                at = (row + r) * n_in + i
                value, weight = at * (d + 2), get(places, at) + tile
                if d == 3:
                    found = add_rows(values, value, theta, weight, wide, 4, found)
                else:
                    found = add_rows(values, value, theta, weight, wide, d + 1, found)
                last = (i * features + features - 1) * wide + tile
                found = add_scaled(get(values, value + d + 1), load(theta, last, LANES), found)
            keep(sums, (tile // LANES * GROUP + r) * LANES, found)


@inner
def turn(from_, to, n_sums):  # type: ignore[no-untyped-def]
    """(tiles, rows, lanes) -> (sums, rows)."""
    for s in range(n_sums):
        for r in range(GROUP):
            put(to, s * GROUP + r, get(from_, (s // LANES * GROUP + r) * LANES + s % LANES))


@inner
def turn_back(from_, to, n_sums):  # type: ignore[no-untyped-def]
    """(sums, rows) -> (tiles, rows, lanes)."""
    for s in range(n_sums):
        for r in range(GROUP):
            put(to, (s // LANES * GROUP + r) * LANES + s % LANES, get(from_, s * GROUP + r))


@inner
def first_gradient(meta, gradient, values, places, row, ups):  # type: ignore[no-untyped-def]
    """What the rows add to the gradient of the first layer."""
    n_in, n_sums, features, d = meta[0, 0], meta[0, 1], meta[0, 3], meta[0, 4]
    wide = (n_sums + LANES - 1) // LANES * LANES
    for tile in range(0, wide, LANES):
        bias = load(gradient, meta[0, 11] + tile, LANES)
        for r in range(GROUP):
            bias = add(bias, load(ups, (tile // LANES * GROUP + r) * LANES, LANES))
        keep(gradient, meta[0, 11] + tile, bias)
        for i in range(n_in):
            last = (i * features + features - 1) * wide + tile
            residual = load(gradient, last, LANES)
            for r in range(GROUP):
                at = (row + r) * n_in + i
                value, weight = at * (d + 2), get(places, at) + tile
                up = load(ups, (tile // LANES * GROUP + r) * LANES, LANES)
                if d == 3:
                    add_to_rows(values, value, gradient, weight, wide, 4, up)
                else:
                    add_to_rows(values, value, gradient, weight, wide, d + 1, up)
                residual = add_scaled(get(values, value + d + 1), up, residual)
            keep(gradient, last, residual)


@inner
def residual_functions(kind, flow, here, value, slope):  # type: ignore[no-untyped-def]
    """The residual function of a node on all rows of the group, and its slope."""
    one = spread(1.0, LANES)
    for r in range(0, GROUP, LANES):
        x = load(flow, here + r, LANES)
        if kind == 1:
            share = divide(one, add(one, exponential(scaled(-1.0, x))))
            silu = multiply(x, share)
            keep(value, here + r, silu)
            keep(slope, here + r, multiply_add(silu, subtract(one, share), share))
        elif kind == 2:
            keep(value, here + r, x)
            keep(slope, here + r, one)


@inner
def forward(meta, layer, theta, nodes, marks, records, flow, sums, kept, piece, slopes):  # type: ignore[no-untyped-def]
    """The sums of an inner layer, and the slopes of its edges."""
    n_in, n_sums, features, d = meta[layer, 0], meta[layer, 1], meta[layer, 3], meta[layer, 4]
    pieces, held, (lows, highs, ends) = features - 1 - d, meta[layer, 6], nodes
    values, rises, places, beyonds = kept
    zero = spread(0.0, FOUR)
    for s in range(n_sums):
        bias = spread(get(theta, meta[layer, 11] + s), LANES)
        for r in range(0, GROUP, LANES):
            keep(sums, (meta[layer, 8] + s) * GROUP + r, bias)
    for i in range(n_in):
        node = meta[layer, 7] + i
        first, last, mark = get(ends, 2 * node), get(ends, 2 * node + 1), meta[layer, 12] + i * (pieces + 1)
        low, high = spread(get(lows, node), FOUR), spread(get(highs, node), FOUR)
        residual_functions(meta[layer, 5], flow, node * GROUP, values, rises)
        for r in range(0, GROUP, FOUR):
            here = node * GROUP + r
            x = load(flow, here, FOUR)
            near = between(x, low, high)
            beyond = subtract(x, near)
            numbers = nothing_counted(x)
            for p in range(first + 1, last + 1):
                numbers = count_reached(numbers, near, spread(get(marks, mark + p), FOUR))
            keep(piece, here, numbers)
            for s in range(n_sums):
                edge = i * n_sums + s
                record = records_at(records, meta[layer, 14] + (edge * pieces + first) * RECORD, numbers)
                u = multiply(subtract(near, record[0]), record[1])
                value, slope = value_and_slope(record, u)
                slope = multiply(slope, record[1])
                if held:
                    slope = where_zero(beyond, slope, zero)
                else:
                    value = multiply_add(slope, beyond, value)
                weight = spread(get(theta, meta[layer, 10] + edge * features + features - 1), FOUR)
                at = (meta[layer, 8] + s) * GROUP + r
                value = multiply_add(weight, load(values, here, FOUR), value)
                keep(sums, at, add(load(sums, at, FOUR), value))
                at = (meta[layer, 9] + edge) * GROUP + r
                keep(slopes, at, multiply_add(weight, load(rises, here, FOUR), slope))
                keep(places, here, u)
                keep(beyonds, here, zero if held else multiply(beyond, record[1]))


@inner
def combine(meta, layer, arity, sums, flow):  # type: ignore[no-untyped-def]
    """Nodes out of sums: each its own, or the product of several."""
    s = meta[layer, 8]
    for node in range(meta[layer, 15], meta[layer, 15] + meta[layer, 2]):
        for r in range(0, GROUP, LANES):
            product = load(sums, s * GROUP + r, LANES)
            for k in range(1, get(arity, node)):
                product = multiply(product, load(sums, (s + k) * GROUP + r, LANES))
            keep(flow, node * GROUP + r, product)
        s += get(arity, node)


@inner
def divide_up(meta, layer, arity, sums, back, ups):  # type: ignore[no-untyped-def]
    """Derivatives by nodes -> by the sums of a layer."""
    s = meta[layer, 8]
    for node in range(meta[layer, 15], meta[layer, 15] + meta[layer, 2]):
        many = get(arity, node)
        for r in range(0, GROUP, LANES):
            for k in range(many):
                product = load(back, node * GROUP + r, LANES)
                for j in range(many):
                    if j != k:
                        product = multiply(product, load(sums, (s + j) * GROUP + r, LANES))
                keep(ups, (s + k) * GROUP + r, product)
        s += many


@inner
def write_powers(here, d, kept, powers):  # type: ignore[no-untyped-def]
    """Of each row the derivatives of an edge by the coefficients of its piece: u^k + (what lies beyond) k u^(k - 1).

    Row by row, ``RECORD`` each; those above the degree mean nothing, and nobody reads the sums of them.
    """
    _, _, places, beyonds = kept
    one = spread(1.0, FOUR)
    for r in range(0, GROUP, FOUR):
        u, far = load(places, here + r, FOUR), load(beyonds, here + r, FOUR)
        square = multiply(u, u)
        cube = multiply(square, u)
        first = add(u, far)
        second = multiply_add(scaled(2.0, far), u, square)
        third = multiply_add(scaled(3.0, far), square, cube)
        rows = turned_rows(one, first, second, third)
        for k in range(FOUR):
            keep(powers, (r + k) * RECORD, rows[k])
        if d > 3:
            fourth, fifth = multiply(square, square), multiply(square, cube)
            fifth = multiply_add(scaled(5.0, far), fourth, fifth)
            rows = turned_rows(multiply_add(scaled(4.0, far), cube, fourth), fifth, one, one)
            for k in range(FOUR):
                keep(powers, (r + k) * RECORD + FOUR, rows[k])


@inner
def add_moments(up, node, record, d, piece, powers, moments):  # type: ignore[no-untyped-def]
    """upstream x powers of each row, added to the record of its piece."""
    for r in range(GROUP):
        at = record + np.int64(get(piece, node * GROUP + r)) * RECORD
        by = get(up[0], up[1] + r)
        keep(moments, at, add_scaled(by, load(powers, r * RECORD, FOUR), load(moments, at, FOUR)))
        if d > 3:
            high = load(powers, r * RECORD + FOUR, FOUR)
            keep(moments, at + FOUR, add_scaled(by, high, load(moments, at + FOUR, FOUR)))


@inner
def backward(meta, layer, ends, ups, kept, piece, slopes, back, gradient, moments, powers):  # type: ignore[no-untyped-def]
    """What the rows add to the gradient of an inner layer, and the derivatives by its inputs."""
    n_in, n_sums, features, d = meta[layer, 0], meta[layer, 1], meta[layer, 3], meta[layer, 4]
    pieces = features - 1 - d
    for s in range(n_sums):
        up = load(ups, (meta[layer, 8] + s) * GROUP, LANES)
        for r in range(LANES, GROUP, LANES):
            up = add(up, load(ups, (meta[layer, 8] + s) * GROUP + r, LANES))
        at = meta[layer, 11] + s
        put(gradient, at, get(gradient, at) + total(up))
    for i in range(n_in):
        node = meta[layer, 7] + i
        write_powers(node * GROUP, d, kept, powers)
        for r in range(0, GROUP, LANES):
            derivative = spread(0.0, LANES)
            for s in range(n_sums):
                up = load(ups, (meta[layer, 8] + s) * GROUP + r, LANES)
                edge = load(slopes, (meta[layer, 9] + i * n_sums + s) * GROUP + r, LANES)
                derivative = multiply_add(up, edge, derivative)
            keep(back, node * GROUP + r, derivative)
        for s in range(n_sums):
            edge, residual, up = i * n_sums + s, spread(0.0, LANES), (meta[layer, 8] + s) * GROUP
            for r in range(0, GROUP, LANES):
                value = load(kept[0], node * GROUP + r, LANES)
                residual = multiply_add(load(ups, up + r, LANES), value, residual)
            last = meta[layer, 10] + edge * features + features - 1
            put(gradient, last, get(gradient, last) + total(residual))
            record = meta[layer, 14] + (edge * pieces + get(ends, 2 * node)) * RECORD
            add_moments((ups, up), node, record, d, piece, powers, moments)


@inner
def residuals(meta, y, roots, row, flow, back):  # type: ignore[no-untyped-def]
    """Residuals of the last nodes into ``back`` as derivatives of the mean squared error; their share of it."""
    last, squares = len(meta) - 1, spread(0.0, LANES)
    for o in range(meta[last, 2]):
        node = meta[last, 15] + o
        for r in range(0, GROUP, LANES):
            share = load(roots, row + r, LANES)
            error = subtract(load(flow, node * GROUP + r, LANES), load(y, row * meta[last, 2] + o * GROUP + r, LANES))
            pull = multiply(share, error)
            squares = multiply_add(pull, error, squares)
            keep(back, node * GROUP + r, add(pull, pull))
    return total(squares)


@inner
def adam(theta, gradient, free, mean, square, step, rate):  # type: ignore[no-untyped-def]
    """One step, in the order of torch's own."""
    size = rate / (1.0 - BETA1**step)
    root = math.sqrt(1.0 - BETA2**step)
    for k in range(theta.size):
        slope = get(gradient, k) * get(free, k)
        first = get(mean, k) + (1.0 - BETA1) * (slope - get(mean, k))
        second = BETA2 * get(square, k) + (1.0 - BETA2) * slope * slope
        put(mean, k, first)
        put(square, k, second)
        put(theta, k, get(theta, k) - size * first / (math.sqrt(second) / root + EPSILON))


def _stamped(stamped: int) -> Any:
    @kernel
    def whole_loop(net, data, parameters, scratch, losses, rate):  # type: ignore[no-untyped-def]
        """As many steps as ``losses`` has room for; the loss before each."""
        _ = stamped
        meta, arity, nodes, marks, table, records = net
        values, places, y, roots = data
        theta, gradient, free, mean, square = parameters
        flow, back, sums, ups, kept, piece, slopes, powers, moments, turned = scratch
        for step in range(losses.size):
            loss = 0.0
            for k in range(gradient.size):
                put(gradient, k, 0.0)
            for k in range(moments.size):
                put(moments, k, 0.0)
            for layer in range(1, len(meta)):
                write_records(meta, layer, theta, table, records)
            for row in range(0, roots.size, GROUP):
                first_sums(meta, theta, values, places, row, turned)
                turn(turned, sums, meta[0, 1])
                combine(meta, 0, arity, sums, flow)
                for layer in range(1, len(meta)):
                    forward(meta, layer, theta, nodes, marks, records, flow, sums, kept, piece, slopes)
                    combine(meta, layer, arity, sums, flow)
                loss += residuals(meta, y, roots, row, flow, back)
                for layer in range(len(meta) - 1, 0, -1):
                    divide_up(meta, layer, arity, sums, back, ups)
                    backward(meta, layer, nodes[2], ups, kept, piece, slopes, back, gradient, moments, powers)
                divide_up(meta, 0, arity, sums, back, ups)
                turn_back(ups, turned, meta[0, 1])
                first_gradient(meta, gradient, values, places, row, turned)
            for layer in range(1, len(meta)):
                read_moments(meta, layer, gradient, table, moments)
            put(losses, step, loss)
            adam(theta, gradient, free, mean, square, step + 1, rate)

    return whole_loop


whole_loop = _stamped(STAMP)
