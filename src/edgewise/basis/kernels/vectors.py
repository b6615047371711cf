"""Short vectors as values inside compiled functions.

A loop that a compiler vectorises by itself keeps its sums in memory; here the sums of a row of outputs are one value, and
so stay in registers: twice as fast. A vector may be wider than the machine's registers; LLVM then takes several. All
indices count elements of flat arrays; nothing is checked, so the callers must.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model

INT = ir.IntType(32)


class Vector(types.Type):
    """``lanes`` numbers of one dtype."""

    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector({dtype}, {lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    """A vector of LLVM."""

    def __init__(self, manager: Any, kind: Vector) -> None:
        element = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.lanes))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any, target: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index], inbounds=True), target.as_pointer())


def _splat(builder: Any, scalar: Any, lanes: int) -> Any:
    undefined = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    one = builder.insert_element(undefined, scalar, ir.Constant(INT, 0))
    return builder.shuffle_vector(one, undefined, ir.Constant(ir.VectorType(INT, lanes), [0] * lanes))


def _call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    """A function of LLVM's own on vectors."""
    kinds = [arg.type for arg in args]
    suffix = "".join(f".v{t.count}{_letter(t.element)}" for t in dict.fromkeys((result, kinds[0])))
    declared = ir.FunctionType(result, kinds)
    return builder.call(cgutils.get_or_insert_function(builder.module, declared, f"llvm.{name}{suffix}"), args)


def _letter(element: Any) -> str:
    return {"float": "f32", "double": "f64", "i32": "i32"}[str(element)]


def _fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    return _call(builder, "fma", c.type, a, b, c)


@intrinsic(prefer_literal=True)
def load(typing: Any, array: Any, index: Any, lanes: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index : index + lanes]"""
    vector = Vector(array.dtype, lanes.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        at = _pointer(context, builder, signature.args[0], args[0], args[1], context.get_value_type(vector))
        return builder.load(at, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp, lanes), code


@intrinsic(prefer_literal=True)
def load_first(typing: Any, array: Any, index: Any, count: Any, lanes: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index : index + count], and zeros for the other lanes"""
    vector, n = Vector(array.dtype, lanes.literal_value), lanes.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(vector)
        at = _pointer(context, builder, signature.args[0], args[0], args[1], kind)
        steps = ir.Constant(ir.VectorType(INT, n), list(range(n)))
        mask = builder.icmp_signed("<", steps, _splat(builder, builder.trunc(args[2], INT), n))
        pointers = "p0" if str(at.type) == "ptr" else f"p0v{n}{_letter(kind.element)}"
        declared = ir.FunctionType(kind, [at.type, INT, mask.type, kind])
        name = f"llvm.masked.load.v{n}{_letter(kind.element)}.{pointers}"
        function = cgutils.get_or_insert_function(builder.module, declared, name)
        align = ir.Constant(INT, array.dtype.bitwidth // 8)
        return builder.call(function, [at, align, mask, ir.Constant(kind, None)])

    return vector(array, types.intp, types.intp, lanes), code


@intrinsic
def store(typing: Any, array: Any, index: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index : index + lanes] = vector"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> None:
        at = _pointer(context, builder, signature.args[0], args[0], args[1], args[2].type)
        builder.store(args[2], at, align=array.dtype.bitwidth // 8)

    return types.void(array, types.intp, vector), code


@intrinsic
def get(typing: Any, array: Any, index: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index], where index is not below 0"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(array.dtype)
        return builder.load(_pointer(context, builder, signature.args[0], args[0], args[1], kind))

    return array.dtype(array, types.intp), code


@intrinsic
def put(typing: Any, array: Any, index: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    """array[index] = value, where index is not below 0"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> None:
        builder.store(args[2], _pointer(context, builder, signature.args[0], args[0], args[1], args[2].type))

    return types.void(array, types.intp, array.dtype), code


@intrinsic
def scaled(typing: Any, scalar: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    """scalar * vector"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(_splat(builder, args[0], vector.lanes), args[1])

    return vector(vector.dtype, vector), code


@intrinsic
def add_scaled(typing: Any, scalar: Any, vector: Any, total: Any) -> tuple[Any, Callable[..., Any]]:
    """scalar * vector + total"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _fma(builder, _splat(builder, args[0], vector.lanes), args[1], args[2])

    return vector(vector.dtype, vector, vector), code


@intrinsic
def dot(typing: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
    """sum(a * b), halves added to halves"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total, n = builder.fmul(args[0], args[1]), a.lanes
        while n > 1:
            n //= 2
            undefined = ir.Constant(total.type, ir.Undefined)
            low = ir.Constant(ir.VectorType(INT, n), list(range(n)))
            high = ir.Constant(ir.VectorType(INT, n), list(range(n, 2 * n)))
            total = builder.fadd(
                builder.shuffle_vector(total, undefined, low), builder.shuffle_vector(total, undefined, high)
            )
        return builder.extract_element(total, ir.Constant(INT, 0))

    return a.dtype(a, b), code


@intrinsic
def between(typing: Any, x: Any, low: Any, high: Any) -> tuple[Any, Callable[..., Any]]:
    """x, not below low and not above high; what is not a number stays so"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[1], args[0])
        return builder.select(builder.fcmp_ordered(">", value, args[2]), args[2], value)

    return x(x, low, high), code


@intrinsic
def nothing_counted(typing: Any, like: Any) -> tuple[Any, Callable[..., Any]]:
    """0 in as many lanes as ``like`` has"""
    counts = Vector(types.int32, like.lanes)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(counts), None)

    return counts(like), code


@intrinsic
def count_reached(typing: Any, counts: Any, x: Any, mark: Any) -> tuple[Any, Callable[..., Any]]:
    """counts + (x >= mark)"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        reached = builder.sext(builder.fcmp_ordered(">=", args[1], args[2]), args[0].type)
        return builder.sub(args[0], reached)

    return counts(counts, x, mark), code


@intrinsic
def cell_of(typing: Any, x: Any, low: Any, per_unit: Any) -> tuple[Any, Callable[..., Any]]:
    """(x - low) * per_unit without what follows the point; 0 where x is below low or not a number, at most 2^30"""
    counts = Vector(types.int32, x.lanes)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        steps, zero = builder.fmul(builder.fsub(args[0], args[1]), args[2]), ir.Constant(args[0].type, None)
        positive = builder.select(builder.fcmp_ordered(">", steps, zero), steps, zero)
        most = ir.Constant(steps.type, [2.0**30] * x.lanes)  # what no int32 holds becomes anything at all, below 0 too
        held = builder.select(builder.fcmp_ordered("<", positive, most), positive, most)
        return builder.fptosi(held, context.get_value_type(counts))

    return counts(x, low, per_unit), code


@intrinsic(prefer_literal=True)
def load_rows(
    typing: Any, array: Any, index: Any, stride: Any, rows: Any, lanes: Any
) -> tuple[Any, Callable[..., Any]]:
    """The vectors at index, index + stride, ...: as many as ``rows``, as a tuple"""
    vector = Vector(array.dtype, lanes.literal_value)
    result = types.UniTuple(vector, rows.literal_value)

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, at = context.get_value_type(vector), args[1]
        loaded = cgutils.get_null_value(context.get_value_type(result))
        for row in range(rows.literal_value):
            where = _pointer(context, builder, signature.args[0], args[0], at, kind)
            loaded = builder.insert_value(loaded, builder.load(where, align=array.dtype.bitwidth // 8), row)
            at = builder.add(at, args[2])
        return loaded

    return result(array, types.intp, types.intp, rows, lanes), code


@intrinsic
def store_rows(typing: Any, array: Any, index: Any, stride: Any, rows: Any) -> tuple[Any, Callable[..., Any]]:
    """The way back of ``load_rows``"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> None:
        at = args[1]
        for row in range(len(rows)):
            vector = builder.extract_value(args[3], row)
            where = _pointer(context, builder, signature.args[0], args[0], at, vector.type)
            builder.store(vector, where, align=array.dtype.bitwidth // 8)
            at = builder.add(at, args[2])

    return types.void(array, types.intp, types.intp, rows), code


@intrinsic
def add_outer(typing: Any, rows: Any, values: Any, index: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    """rows[k] + values[index + k] * vector, for every row"""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        result, kind = args[0], context.get_value_type(values.dtype)
        for row in range(len(rows)):
            at = builder.add(args[2], ir.Constant(args[2].type, row))
            value = builder.load(_pointer(context, builder, signature.args[1], args[1], at, kind))
            total = _fma(builder, _splat(builder, value, vector.lanes), args[3], builder.extract_value(result, row))
            result = builder.insert_value(result, total, row)
        return result

    return rows(rows, values, types.intp, vector), code


@intrinsic(prefer_literal=True)
def polynomials(typing: Any, array: Any, index: Any, t: Any, degree: Any, lanes: Any) -> tuple[Any, Callable[..., Any]]:
    """A polynomial in each lane, by Horner's rule: the coefficients of t^k begin at index + k * lanes"""
    vector, top = Vector(array.dtype, lanes.literal_value), degree.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = _rows_of(context, builder, signature.args[0], args, vector)
        variable, value = _splat(builder, args[2], vector.lanes), row(top)
        for power in range(top - 1, -1, -1):
            value = _fma(builder, variable, value, row(power))
        return value

    return vector(array, types.intp, array.dtype, degree, lanes), code


@intrinsic(prefer_literal=True)
def polynomial_slopes(
    typing: Any, array: Any, index: Any, t: Any, degree: Any, lanes: Any
) -> tuple[Any, Callable[..., Any]]:
    """The derivatives of ``polynomials`` by t"""
    vector, top = Vector(array.dtype, lanes.literal_value), degree.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = _rows_of(context, builder, signature.args[0], args, vector)
        variable = _splat(builder, args[2], vector.lanes)

        def term(power: int) -> Any:
            times = _splat(builder, ir.Constant(args[2].type, float(power)), vector.lanes)
            return builder.fmul(times, row(power))

        value = term(top)
        for power in range(top - 1, 0, -1):
            value = _fma(builder, variable, value, term(power))
        return value

    return vector(array, types.intp, array.dtype, degree, lanes), code


def _rows_of(context: Any, builder: Any, kind: Any, args: Any, vector: Vector) -> Callable[[int], Any]:
    target = context.get_value_type(vector)

    def row(power: int) -> Any:
        at = builder.add(args[1], ir.Constant(args[1].type, power * vector.lanes))
        where = _pointer(context, builder, kind, args[0], at, target)
        return builder.load(where, align=vector.dtype.bitwidth // 8)

    return row
