"""The three programs of a layer on a GPU, in Triton.

Each is a matrix product whose left side is never stored. A program finds, for a block of rows and inputs, the
``degree + 1`` functions that are not zero (de Boor's triangle, in registers); then every feature (the functions of the
basis and, last, the residual function) is a block of values made by selection, and one small product. Nobody adds to what
another program wrote: the same numbers give the same bits.

Triton reads annotations as types of its own; so only what is known when a program is compiled has one.
"""

import triton
import triton.language as tl

GROUP = tl.constexpr(8)  # blocks of rows that pass by the same weights before the next weights are fetched


@triton.jit
def _block(pid, low_count, high_count):
    """The pair of blocks of a program, so that neighbours in time share what they read."""
    return tl.swizzle2d(pid // high_count, pid % high_count, low_count, high_count, GROUP)


@triton.jit
def _tile(values, rows, columns, n_rows, n_columns, stride):
    """A block of a matrix, zeros beyond it."""
    there = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    return tl.load(values + rows[:, None].to(tl.int64) * stride + columns[None, :], mask=there, other=0.0)


@triton.jit
def _put(values, tile, rows, columns, n_rows, n_columns, stride):
    there = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    tl.store(values + rows[:, None].to(tl.int64) * stride + columns[None, :], tile, mask=there)


@triton.jit
def _local(
    x_at,
    knots,
    rows,
    inputs,
    n_rows,
    n_in,
    intervals,
    DEGREE: tl.constexpr,
    REACH: tl.constexpr,
    CONSTANT: tl.constexpr,
    RESIDUAL: tl.constexpr,
    SLOPES: tl.constexpr,
):
    """The piece of each x, the ``DEGREE + 1`` functions (or their slopes) that are not zero there, the residual function.

    Beyond the last row or input the x is one inside the range: its values are finite and meet zeros.
    """
    known = tl.minimum(inputs, n_in - 1)
    first = knots + known.to(tl.int64) * (intervals + 2 * DEGREE + 1)
    low, high = tl.load(first + DEGREE), tl.load(first + DEGREE + intervals)
    there = (rows[:, None] < n_rows) & (inputs[None, :] < n_in)
    x = tl.load(x_at + rows[:, None].to(tl.int64) * n_in + inputs[None, :], mask=there, other=0.0)
    x = tl.where(there, x, low[None, :])
    margin = REACH * (high - low)
    near = tl.where(x < (low - margin)[None, :], (low - margin)[None, :], x)  # NaN stays
    near = tl.where(near > (high + margin)[None, :], (high + margin)[None, :], near)
    piece = tl.zeros(x.shape, tl.int32)
    for j in range(1, intervals):  # knots on the borders count always or never: a piece without width holds no x
        mark = tl.load(first + DEGREE + j)
        piece += (((near >= mark[None, :]) & (mark < high)[None, :]) | (mark <= low)[None, :]).to(tl.int32)
    values, slopes = _triangle(near, first[None, :] + piece, DEGREE)
    beyond = x - near
    found = ()
    for r in tl.static_range(DEGREE + 1):
        if CONSTANT:
            one = tl.where((x < near) | (x > near), 0.0, slopes[r]) if SLOPES else values[r]  # NaN stays
        else:
            one = slopes[r] if SLOPES else values[r] + slopes[r] * beyond
        found = found + (one,)  # noqa: RUF005 - the compiler of Triton knows no star
    return piece, found, _residual(x, RESIDUAL, SLOPES)


@triton.jit
def _triangle(x, at, DEGREE: tl.constexpr):
    """``BSpline.triangle``, with the knots around the piece read from ``at + 1`` on."""
    ahead, behind = (), ()
    for r in tl.static_range(DEGREE):
        ahead = ahead + (tl.load(at + (DEGREE + 1 + r)) - x,)  # noqa: RUF005
        behind = behind + (x - tl.load(at + (DEGREE - r)),)  # noqa: RUF005
    row = (tl.where(x == x, 1.0, x),)
    slopes = ()
    for d in tl.static_range(1, DEGREE + 1):
        shares, grown = (), ()
        for r in tl.static_range(d):
            shares = shares + (row[r] / (ahead[r] + behind[d - 1 - r]),)  # noqa: RUF005
        for r in tl.static_range(d + 1):
            if r == 0:
                value, slope = ahead[r] * shares[r], -shares[r]
            elif r == d:
                value, slope = behind[0] * shares[r - 1], shares[r - 1]
            else:
                value, slope = behind[d - r] * shares[r - 1] + ahead[r] * shares[r], shares[r - 1] - shares[r]
            grown = grown + (value,)  # noqa: RUF005
            if d == DEGREE:
                slopes = slopes + (slope * DEGREE,)  # noqa: RUF005
        row = grown
    return row, slopes


@triton.jit
def _residual(x, RESIDUAL: tl.constexpr, SLOPES: tl.constexpr):
    if RESIDUAL == "none":
        return tl.zeros_like(x)
    if RESIDUAL == "identity":
        return tl.zeros_like(x) + 1 if SLOPES else x
    share = 1 / (1 + tl.exp(-x))
    return share * (1 + x * (1 - share)) if SLOPES else x / (1 + tl.exp(-x))


@triton.jit
def _feature(f, n_basis, piece, found, residual, DEGREE: tl.constexpr):
    """Feature f of a block: what was found at its place, else zero."""
    place = f - piece
    values = tl.where(f == n_basis, residual, 0.0)
    for r in tl.static_range(DEGREE + 1):
        values = tl.where(place == r, found[r], values)
    return values


@triton.jit(do_not_specialize=["bucket"])
def sums(
    x, knots, weight, y,
    n_rows, n_in, n_out, intervals, bucket,
    DEGREE: tl.constexpr, REACH: tl.constexpr, CONSTANT: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr,
):  # fmt: skip
    """A block of y (rows, outputs): over blocks of inputs, then over features."""
    i, o = _block(tl.program_id(0), tl.cdiv(n_rows, ROWS), tl.cdiv(n_out, OUTPUTS))
    rows, outputs = i * ROWS + tl.arange(0, ROWS), o * OUTPUTS + tl.arange(0, OUTPUTS)
    n_basis = intervals + DEGREE
    stride = (n_basis + 1) * n_out
    total = tl.zeros((ROWS, OUTPUTS), x.dtype.element_ty)
    for start in range(0, n_in, INPUTS):
        inputs = start + tl.arange(0, INPUTS)
        piece, found, residual = _local(
            x, knots, rows, inputs, n_rows, n_in, intervals, DEGREE, REACH, CONSTANT, RESIDUAL, False
        )
        for f in range(n_basis + 1):
            part = _tile(weight + f * n_out, inputs, outputs, n_in, n_out, stride)
            values = _feature(f, n_basis, piece, found, residual, DEGREE)
            total = tl.dot(values, part, total, input_precision=PRECISION)
    _put(y, total, rows, outputs, n_rows, n_out, n_out)


@triton.jit(do_not_specialize=["bucket"])
def grad_x(
    x, knots, weight, g, dx,
    n_rows, n_in, n_out, intervals, bucket,
    DEGREE: tl.constexpr, REACH: tl.constexpr, CONSTANT: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr,
    ROWS: tl.constexpr, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr,
):  # fmt: skip
    """A block of dx (rows, inputs): over features, each a product over all outputs that meets the slopes at its end."""
    i, k = _block(tl.program_id(0), tl.cdiv(n_rows, ROWS), tl.cdiv(n_in, INPUTS))
    rows, inputs = i * ROWS + tl.arange(0, ROWS), k * INPUTS + tl.arange(0, INPUTS)
    n_basis = intervals + DEGREE
    stride = (n_basis + 1) * n_out
    piece, found, residual = _local(
        x, knots, rows, inputs, n_rows, n_in, intervals, DEGREE, REACH, CONSTANT, RESIDUAL, True
    )
    total = tl.zeros((ROWS, INPUTS), x.dtype.element_ty)
    for f in range(n_basis + 1):
        by_feature = tl.zeros((ROWS, INPUTS), x.dtype.element_ty)
        for start in range(0, n_out, OUTPUTS):
            outputs = start + tl.arange(0, OUTPUTS)
            part = _tile(weight + f * n_out, inputs, outputs, n_in, n_out, stride)
            upstream = _tile(g, rows, outputs, n_rows, n_out, n_out)
            by_feature = tl.dot(upstream, tl.trans(part), by_feature, input_precision=PRECISION)
        total += by_feature * _feature(f, n_basis, piece, found, residual, DEGREE)
    _put(dx, total, rows, inputs, n_rows, n_in, n_in)


@triton.jit(do_not_specialize=["bucket"])
def grad_weight(
    x, knots, g, dw,
    n_rows, n_in, n_out, intervals, bucket,
    DEGREE: tl.constexpr, REACH: tl.constexpr, CONSTANT: tl.constexpr, RESIDUAL: tl.constexpr, PRECISION: tl.constexpr,
    FEATURES: tl.constexpr, ROWS: tl.constexpr, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr,
):  # fmt: skip
    """A block of dw (features, inputs, outputs): over all rows."""
    k, o = _block(tl.program_id(0), tl.cdiv(n_in, INPUTS), tl.cdiv(n_out, OUTPUTS))
    inputs, outputs = k * INPUTS + tl.arange(0, INPUTS), o * OUTPUTS + tl.arange(0, OUTPUTS)
    first = tl.program_id(1) * FEATURES
    n_basis = intervals + DEGREE
    totals = ()
    for _ in tl.static_range(FEATURES):
        totals = totals + (tl.zeros((INPUTS, OUTPUTS), x.dtype.element_ty),)  # noqa: RUF005
    for start in range(0, n_rows, ROWS):
        rows = start + tl.arange(0, ROWS)
        upstream = _tile(g, rows, outputs, n_rows, n_out, n_out)
        piece, found, residual = _local(
            x, knots, rows, inputs, n_rows, n_in, intervals, DEGREE, REACH, CONSTANT, RESIDUAL, False
        )
        grown = ()
        for f in tl.static_range(FEATURES):
            values = _feature(first + f, n_basis, piece, found, residual, DEGREE)
            grown = grown + (tl.dot(tl.trans(values), upstream, totals[f], input_precision=PRECISION),)  # noqa: RUF005
        totals = grown
    stride = (n_basis + 1) * n_out
    for f in tl.static_range(FEATURES):
        if first + f <= n_basis:
            _put(dw + (first + f) * n_out, totals[f], inputs, outputs, n_in, n_out, stride)
