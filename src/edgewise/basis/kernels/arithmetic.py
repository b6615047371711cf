"""Sums, products and the exponential of short vectors, and polynomials that are chosen lane by lane.

Where each lane lies in another piece, gathering its coefficients costs more than choosing them: a piece after the other is
compared with, and what was reached replaces what was there. That pays for few pieces, and needs no memory in between.
"""

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .vectors import Vector, _fma, _pointer, _splat

ROUNDER = 1.5 * 2.0**52  # added to a small float64, it leaves the nearest integer in the last bits
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # W. Cody and W. Waite, 1980
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

    return vector(types.float64, types.intp), code


@intrinsic
def total(typing: Any, a: Any) -> tuple[Any, Callable[..., Any]]:
    """The sum of the lanes, first to last"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = builder.extract_element(args[0], ir.Constant(ir.IntType(32), 0))
        for lane in range(1, a.lanes):
            found = builder.fadd(found, builder.extract_element(args[0], ir.Constant(ir.IntType(32), lane)))
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


@intrinsic(prefer_literal=True)
def spread_rows(typing: Any, array: Any, index: Any, rows: Any, lanes: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index], array[index + 1], ...: as many as ``rows``, each in every lane of a vector of its own"""
    result = types.UniTuple(Vector(array.dtype, lanes.literal_value), rows.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = cgutils.get_null_value(context.get_value_type(result))
        for row in range(rows.literal_value):
            number = _number(context, builder, signature.args[0], args[0], args[1], row)
            found = builder.insert_value(found, _splat(builder, number, lanes.literal_value), row)
        return found

    return result(array, types.intp, rows, lanes), code


@intrinsic
def choose_rows(typing: Any, rows: Any, x: Any, mark: Any, array: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """rows[k], or array[index + k] in lanes where x has reached the mark"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found, lanes = args[0], x.lanes
        reached = builder.fcmp_ordered(">=", args[1], _splat(builder, args[2], lanes))
        for row in range(len(rows)):
            number = _number(context, builder, signature.args[3], args[3], args[4], row)
            old = builder.extract_value(found, row)
            found = builder.insert_value(found, builder.select(reached, _splat(builder, number, lanes), old), row)
        return found

    return rows(rows, x, x.dtype, array, types.intp), code


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


def _number(context: Any, builder: Any, kind: Any, array: Any, index: Any, further: int) -> Any:
    at = builder.add(index, ir.Constant(index.type, further))
    return builder.load(_pointer(context, builder, kind, array, at, context.get_value_type(kind.dtype)))
