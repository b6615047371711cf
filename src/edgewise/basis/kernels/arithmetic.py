"""Sums, products and the exponential of short vectors, and polynomials with other coefficients in each lane.

Where each lane lies in another piece, whole records are loaded and turned: eight shuffles for four lanes, where a gather
would take an entry at a time.
"""

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .vectors import INT, Vector, _fma, _pointer, _splat

ROUNDER = 1.5 * 2.0**52  # added to a small float64, it leaves the nearest integer in the last bits
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # W. Cody and W. Waite, 1980
FOUR = 4  # lanes of what is turned
RECORD = 8  # numbers of a piece: its left end, 1 / its width, six coefficients
LARGEST = 708.0  # beyond it e^x is no float64


def _binary(operation: str) -> Any:
    @intrinsic
    def lane_by_lane(typing: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
        """a and b, lane by lane"""

        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return a(a, b), code

    return lane_by_lane


add, subtract, multiply, divide = (_binary(name) for name in ("fadd", "fsub", "fmul", "fdiv"))


@intrinsic
def multiply_add(typing: Any, a: Any, b: Any, c: Any) -> tuple[Any, Callable[..., Any]]:
    """a * b + c, rounded once"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _fma(builder, *args)

    return a(a, b, c), code


@intrinsic(prefer_literal=True)
def spread(typing: Any, scalar: Any, lanes: Any) -> tuple[Any, Callable[..., Any]]:
    """The float64 in every lane"""
    vector = Vector(types.float64, lanes.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splat(builder, args[0], vector.lanes)

    return vector(types.float64, lanes), code


@intrinsic
def total(typing: Any, a: Any) -> tuple[Any, Callable[..., Any]]:
    """The sum of the lanes, first to last"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = builder.extract_element(args[0], ir.Constant(INT, 0))
        for lane in range(1, a.lanes):
            found = builder.fadd(found, builder.extract_element(args[0], ir.Constant(INT, lane)))
        return found

    return a.dtype(a), code


@intrinsic
def exponential(typing: Any, a: Any) -> tuple[Any, Callable[..., Any]]:
    """e^a of float64, to the last bit or two: 2^n times Taylor's series of a rest of at most ln(2) / 2

    Beyond +-708 the border's value; what is not a number stays so.
    """

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type

        def number(value: float) -> Any:
            return ir.Constant(kind, [value] * a.lanes)

        x = builder.select(builder.fcmp_ordered("<", args[0], number(-LARGEST)), number(-LARGEST), args[0])
        x = builder.select(builder.fcmp_ordered(">", x, number(LARGEST)), number(LARGEST), x)
        shifted = _fma(builder, x, number(1 / math.log(2)), number(ROUNDER))
        whole = builder.fsub(shifted, number(ROUNDER))
        rest = _fma(builder, whole, number(-LN2_HIGH), x)
        rest = _fma(builder, whole, number(-LN2_LOW), rest)
        series = number(1 / math.factorial(13))
        for power in range(12, -1, -1):
            series = _fma(builder, series, rest, number(1 / math.factorial(power)))
        bits = ir.VectorType(ir.IntType(64), a.lanes)
        exponent = builder.add(builder.bitcast(shifted, bits), ir.Constant(bits, [1023] * a.lanes))
        scale = builder.bitcast(builder.shl(exponent, ir.Constant(bits, [52] * a.lanes)), kind)
        return builder.fmul(series, scale)

    return a(a), code


@intrinsic
def records_at(typing: Any, array: Any, base: Any, numbers: Any) -> tuple[Any, Callable[..., Any]]:
    """The records of ``RECORD`` entries by their numbers, one a lane of four, counted from ``base``: vector k of the answer
    has their entries k"""
    vector = Vector(array.dtype, FOUR)
    result = types.UniTuple(vector, RECORD)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, at = context.get_value_type(vector), []
        for lane in range(FOUR):
            number = builder.sext(builder.extract_element(args[2], ir.Constant(INT, lane)), args[1].type)
            at.append(builder.add(args[1], builder.mul(number, ir.Constant(number.type, RECORD))))
        found = cgutils.get_null_value(context.get_value_type(result))
        for half in range(0, RECORD, FOUR):
            places = (builder.add(place, ir.Constant(place.type, half)) for place in at)
            pointers = [_pointer(context, builder, signature.args[0], args[0], place, kind) for place in places]
            lines = [builder.load(pointer, align=array.dtype.bitwidth // 8) for pointer in pointers]
            for k, line in enumerate(_turned(builder, lines)):
                found = builder.insert_value(found, line, half + k)
        return found

    return result(array, types.intp, numbers), code


@intrinsic
def turned_rows(typing: Any, a: Any, b: Any, c: Any, d: Any) -> tuple[Any, Callable[..., Any]]:
    """Four vectors of four lanes as rows -> their columns"""
    result = types.UniTuple(a, FOUR)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = cgutils.get_null_value(context.get_value_type(result))
        for k, line in enumerate(_turned(builder, args)):
            found = builder.insert_value(found, line, k)
        return found

    return result(a, b, c, d), code


def _turned(builder: Any, lines: Any) -> list[Any]:
    """The columns of four rows, by eight shuffles."""

    def shuffled(a: Any, b: Any, order: list[int]) -> Any:
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INT, FOUR), order))

    a, b, c, d = lines
    even, odd, evens, odds = (
        shuffled(*two, order) for two in ((a, b), (c, d)) for order in ([0, 4, 2, 6], [1, 5, 3, 7])
    )
    first, second = [0, 1, 4, 5], [2, 3, 6, 7]
    pairs = ((even, evens, first), (odd, odds, first), (even, evens, second), (odd, odds, second))
    return [shuffled(*pair) for pair in pairs]


@intrinsic
def value_and_slope(typing: Any, rows: Any, t: Any) -> tuple[Any, Callable[..., Any]]:
    """The polynomial whose coefficients are rows[2], rows[3], ..., and its derivative, at t"""
    result = types.UniTuple(t, 2)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        top = len(rows) - 1
        value = builder.extract_value(args[0], top)
        slope = ir.Constant(value.type, None)
        for row in range(top - 1, 1, -1):
            slope = _fma(builder, slope, args[1], value)
            value = _fma(builder, value, args[1], builder.extract_value(args[0], row))
        found = cgutils.get_null_value(context.get_value_type(result))
        return builder.insert_value(builder.insert_value(found, value, 0), slope, 1)

    return result(rows, t), code


@intrinsic
def where_zero(typing: Any, test: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
    """a in lanes where the test is 0, else b"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("==", args[0], ir.Constant(args[0].type, None)), args[1], args[2])

    return a(test, a, b), code
