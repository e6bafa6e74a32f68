"""The grid of `one_op.py`: shapes, paddings, strides, groups, scales and zero points for each op."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from one_op_model import Node, Operand, Quant

RANDOM = np.random.default_rng(20)
U8, I8 = np.dtype(np.uint8), np.dtype(np.int8)
BYTES = (U8, I8)


def integers(dtype: Any, *shape: int, limit: int | None = None) -> np.ndarray:
    """Every tenth tensor holds the extremes only."""
    info = np.iinfo(dtype)
    low, high = (info.min, info.max) if limit is None else (-limit, limit)
    if RANDOM.integers(10) == 0:
        return RANDOM.choice(np.array([low, high], dtype), shape)
    return RANDOM.integers(low, high + 1, shape).astype(dtype)


def zero_point(dtype: Any) -> int:
    info = np.iinfo(dtype)
    return int(RANDOM.choice([info.min, info.max, (info.min + info.max + 1) // 2, RANDOM.integers(info.min, info.max + 1)]))


def scale() -> float:
    """Ordinary, a power of two (ties), tiny, or huge."""
    kind = RANDOM.integers(8)
    if kind < 2:
        return float(2.0 ** RANDOM.integers(-8, 3))
    return float(np.float32(10 ** RANDOM.uniform(*{2: (-12, -8), 3: (4, 8)}.get(int(kind), (-3, 0)))))


def quant(dtype: Any, value: float | None = None) -> Quant:
    return Quant.of(dtype, scale() if value is None else value, zero_point(dtype))


def near(*scales: float, steps: float = 1.0) -> float:
    """An output scale that uses most of the range, now and then much less or much more; powers of two stay such."""
    product = float(np.prod(scales)) * 2.0 ** np.round(np.log2(steps))
    return float(np.float32(product * RANDOM.choice([1, 1, 1, 0.73, 1.37, 2.0 ** -6, 2.0 ** 6, 0.011])))


def clamp(value: float) -> float:
    return float(np.clip(value, 1e-30, 1e30))


def shape(*sizes: int) -> tuple[int, ...]:
    return sizes


def weights(dtype: Any, dims: tuple[int, ...], axis: int, per_channel: bool, limit: int | None) -> Operand:
    count = dims[axis] if per_channel else None
    base = scale()
    scales = np.float32(base) if count is None else (base * 10 ** RANDOM.uniform(-1, 1, count)).astype(np.float32)
    zero = zero_point(dtype) if dtype == U8 else int(RANDOM.choice([0, 0, 0, 7]))
    return Operand(integers(dtype, *dims, limit=None if dtype == U8 else limit), Quant.of(dtype, scales, zero, axis if per_channel else None), True)


CONVOLUTIONS = [
    # batch, channels, spatial, outputs, kernel, groups, strides, pads, dilations
    (1, 3, (33, 31), 8, (3, 3), 1, (1, 1), (1, 1, 1, 1), (1, 1)),
    (2, 16, (19, 17), 24, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 16, (20, 20), 32, (3, 3), 1, (2, 2), (0, 1, 2, 3), (1, 1)),
    (1, 4, (24, 23), 16, (5, 3), 1, (1, 2), (2, 0, 1, 1), (1, 2)),
    (1, 5, (25, 25), 17, (3, 3), 1, (1, 1), (1, 1, 1, 1), (2, 2)),
    (1, 8, (23, 21), 20, (2, 2), 2, (1, 1), (0, 0, 1, 1), (1, 1)),
    (1, 6, (23, 21), 9, (3, 3), 3, (2, 1), (1, 1, 1, 1), (1, 1)),
    (1, 32, (28, 28), 32, (3, 3), 32, (1, 1), (1, 1, 1, 1), (1, 1)),
    (1, 24, (28, 27), 24, (3, 3), 24, (2, 2), (0, 0, 1, 1), (1, 1)),
    (2, 5, (28, 28), 5, (5, 5), 5, (1, 1), (2, 2, 2, 2), (1, 1)),
    (1, 16, (21, 21), 32, (3, 3), 16, (1, 1), (1, 1, 1, 1), (1, 1)),
    (1, 1, (40, 40), 1, (3, 3), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 1, (30, 30), 7, (4, 4), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (3, 7, (200,), 11, (5,), 1, (1,), (2, 1), (1,)),
    (1, 16, (150,), 16, (3,), 16, (1,), (1, 1), (1,)),
    (1, 12, (150,), 16, (3,), 2, (2,), (0, 2), (3,)),
    (1, 3, (9, 10, 11), 6, (3, 2, 3), 1, (1, 1, 2), (1, 0, 1, 1, 1, 1), (1, 1, 1)),
    (1, 4, (6, 7, 8), 16, (1, 3, 3), 1, (1, 1, 1), (0, 1, 1, 0, 1, 1), (1, 1, 1)),
    (1, 3, (64, 64), 16, (3, 3), 1, (2, 2), (0, 0, 1, 1), (1, 1)),
    (1, 64, (7, 7), 72, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 65, (1, 1), 33, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
]


def convolutions() -> Iterator[Node]:
    for dtypes, per_channel, limit, dynamic in [
            ((U8, I8), True, None, False), ((U8, I8), False, 64, False), ((U8, U8), False, None, False),
            ((I8, I8), True, None, False), ((U8, I8), False, None, True)]:
        for batch, channels, spatial, outputs, kernel, groups, strides, pads, dilations in CONVOLUTIONS:
            x = Operand(integers(dtypes[0], batch, channels, *spatial), quant(dtypes[0]))
            dims = (outputs, channels // groups, *kernel)
            w = weights(dtypes[1], dims, 0, per_channel, limit)
            w = Operand(w.array, w.quant, not dynamic)
            bias = np.round(RANDOM.normal(0, 3000, outputs)).astype(np.int32)
            operands: list[Any] = [x, w]
            if RANDOM.integers(4):
                product = np.float32(x.quant.scale * w.quant.scale)
                operands.append(Operand(bias, Quant.of(np.int32, product, 0, 0 if per_channel else None), True))
            y = clamp(near(float(x.quant.scale), float(np.mean(w.quant.scale)), steps=60 * np.sqrt(np.prod(dims[1:]))))
            saturates = dtypes == (U8, I8) and limit is None and (groups != channels or outputs != channels)
            attrs = {"strides": list(strides), "pads": list(pads), "dilations": list(dilations), "group": groups}
            yield Node("conv", "Conv", operands, quant(dtypes[0], y), attrs,
                       form="qop" if I8 == dtypes[0] or dynamic else "qdq", kernel="QLinearConv", may_saturate=saturates)
    for channels, spatial, outputs, kernel, groups, pads in [(3, (20, 21), 5, (3, 3), 1, (1, 1, 1, 1)), (6, (15, 15), 6, (3, 3), 6, (0, 0, 0, 0)),
                                                            (4, (60,), 8, (3,), 2, (1, 0))]:
        x = Operand(integers(U8, 1, channels, *spatial), Quant.of(U8, 0.02, zero_point(U8)))
        w = Operand(integers(U8, outputs, channels // groups, *kernel), Quant.of(U8, 0.5, zero_point(U8)), True)
        yield Node("conv", "ConvInteger", [x, w], None, {"pads": list(pads), "group": groups}, form="qop", kernel="ConvInteger", dtype=np.int32)


PRODUCTS = [((7, 65), (65, 33)), ((128, 96), (96, 48)), ((1, 64), (64, 40)), ((1, 37), (37, 5)), ((3, 1), (1, 9)), ((2, 3, 16, 24), (24, 31)),
            ((2, 3, 17, 20), (2, 3, 20, 15)), ((4, 9, 8), (1, 8, 70)), ((5, 12, 30), (3, 1, 30, 11)), ((64,), (64, 17)), ((9, 30), (30,)), ((300, 4), (4, 100))]


def products() -> Iterator[Node]:
    for a_dims, b_dims in PRODUCTS:
        for a_dtype, b_dtype, constant, per_channel, limit in [
                (U8, I8, True, False, None), (U8, I8, True, True, 64), (U8, U8, False, False, None), (I8, I8, True, True, None),
                (U8, I8, False, False, None)]:
            per_channel = per_channel and len(b_dims) == 2
            a = Operand(integers(a_dtype, *a_dims), quant(a_dtype))
            b = weights(b_dtype, b_dims, len(b_dims) - 1, per_channel, limit)
            b = Operand(b.array, b.quant, constant)
            mean = float(np.mean(b.quant.scale))
            y = quant(a_dtype, clamp(near(float(a.quant.scale), mean, steps=60 * np.sqrt(a_dims[-1]))))
            saturates = (a_dtype, b_dtype) == (U8, I8) and limit is None
            form = "qop" if a_dtype == I8 else "qdq"
            yield Node("mat_mul", "MatMul", [a, b], y, form=form, kernel="QLinearMatMul", may_saturate=saturates)
            yield Node("mat_mul", "MatMul", [a, b], None, form=form, kernel="MatMulIntegerToFloat", may_saturate=saturates)
            if len(a_dims) == 2 == len(b_dims) and not per_channel:
                yield Node("mat_mul", "MatMulInteger", [a, b], None, form="qop", kernel="MatMulInteger", dtype=np.int32, may_saturate=saturates)


def gemms() -> Iterator[Node]:
    for m, k, n in [(7, 65, 33), (1, 64, 1000), (60, 12, 50), (3, 1, 5), (130, 31, 64), (1, 1280, 10)]:
        for dtypes, limit, per_channel in [((U8, I8), None, True), ((U8, I8), 64, False), ((U8, U8), None, False), ((I8, I8), None, True)]:
            trans_a, trans_b = bool(RANDOM.integers(2)), bool(RANDOM.integers(2))
            alpha = float(np.float32(RANDOM.choice([1.0, 1.0, 0.37, 2.0])))
            a = Operand(integers(dtypes[0], *((k, m) if trans_a else (m, k))), quant(dtypes[0]))
            b = weights(dtypes[1], (n, k) if trans_b else (k, n), 0 if trans_b else 1, per_channel, limit)
            operands: list[Any] = [a, b]
            if alpha == 1.0 and RANDOM.integers(3):
                bias = np.round(RANDOM.normal(0, 3000, n)).astype(np.int32)
                operands.append(Operand(bias, Quant.of(np.int32, np.float32(a.quant.scale * b.quant.scale), 0, 0 if per_channel else None), True))
            saturates = dtypes == (U8, I8) and limit is None
            attrs = {"alpha": alpha, "trans_a": trans_a, "trans_b": trans_b}
            y = quant(dtypes[0], clamp(near(alpha, float(a.quant.scale), float(np.mean(b.quant.scale)), steps=60 * np.sqrt(k))))
            for output in (y, None):
                form = "qop" if dtypes[0] == I8 else "qdq"
                onnx_attrs = {"alpha": alpha, "transA": int(trans_a), "transB": int(trans_b)}
                yield Node("gemm", "Gemm", operands, output, attrs, onnx_attrs, form, "QGemm", may_saturate=saturates)


def all_pairs(dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, dtype=dtype)
    return np.repeat(every, 256).reshape(1, -1), np.tile(every, 256).reshape(1, -1)


BROADCASTS = [((2, 8, 13, 11), (2, 8, 13, 11)), ((1, 7), (1, 7)), ((2, 16, 9, 9), (1, 16, 1, 1)), ((1, 16, 1, 1), (2, 16, 9, 9)), ((2, 3, 40), (40,)),
              ((40,), (2, 3, 40)), ((2, 9, 33), ()), ((), (2, 9, 33)), ((5, 1, 6), (4, 1)), ((1,), (1,)), ((4, 1), (1,)), ((3, 1), (1, 300)),
              ((1, 31, 1), (64, 1, 1)), ((17, 1, 1), (1,)), ((3, 4, 1), (3, 1, 1))]


def binaries() -> Iterator[Node]:
    for op, onnx_op in (("add", "Add"), ("mul", "Mul")):
        for dtype in BYTES:
            for round_idx in range(14):
                a, b = all_pairs(dtype)
                yield binary(op, onnx_op, dtype, a, b, "qop" if round_idx % 2 else "qdq")
                scalar = integers(dtype, 1)
                every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, dtype=dtype).reshape(1, 1, 256)
                first, second = (every, scalar.reshape(())) if round_idx % 2 else (scalar, np.tile(every, (1, 3, 1)))
                yield binary(op, onnx_op, dtype, first, second, "qop")
            for a_dims, b_dims in BROADCASTS:
                yield binary(op, onnx_op, dtype, integers(dtype, *a_dims), integers(dtype, *b_dims), "qop" if RANDOM.integers(2) else "qdq")


def binary(op: str, onnx_op: str, dtype: Any, a: np.ndarray, b: np.ndarray, form: str) -> Node:
    first, second = quant(dtype), quant(dtype)
    scales = (float(first.scale), float(second.scale))
    steps = near(max(scales), steps=1) if op == "add" else near(*scales, steps=128)
    return Node(op, onnx_op, [Operand(a, first), Operand(b, second, bool(RANDOM.integers(2)) and b.ndim > 0)],
                quant(dtype, clamp(steps)), form=form, kernel=f"QLinear{onnx_op}")
