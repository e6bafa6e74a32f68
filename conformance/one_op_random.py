"""Random integers, scales and zero points for the grid of `one_op.py`, extremes among them."""

from typing import Any

import numpy as np

from one_op_model import Operand, Quant

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


def weights(dtype: Any, dims: tuple[int, ...], axis: int, per_channel: bool, limit: int | None) -> Operand:
    count = dims[axis] if per_channel else None
    base = scale()
    scales = np.float32(base) if count is None else (base * 10 ** RANDOM.uniform(-1, 1, count)).astype(np.float32)
    zero = zero_point(dtype) if dtype == U8 else int(RANDOM.choice([0, 0, 0, 7]))
    elements = integers(dtype, *dims, limit=None if dtype == U8 else limit)
    return Operand(elements, Quant.of(dtype, scales, zero, axis if per_channel else None), True)


def ints(*values: int) -> Operand:
    return Operand(np.array(values, np.int64), None, True)
