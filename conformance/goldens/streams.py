"""Streams of batches that are the same bits in Python and in Rust (crates/qdq/tests/torch_parity/streams.rs).

Every number comes from a hash of (seed, index), so that goldens hold results only, not data.
"""

import functools

import numpy as np

F32 = np.float32


def hashed(seed, index):
    """A well mixed u32 for each index (the finalizer of MurmurHash3)."""
    with np.errstate(over="ignore"):
        x = np.uint32(seed) * np.uint32(0x9E3779B1) + index.astype(np.uint32)
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x


def bell(seed, n):
    """n numbers between -2 and 2, multiples of 2**-22, distributed as the sum of four even ones."""
    index = np.arange(n, dtype=np.uint32) * np.uint32(4)
    total = sum((hashed(seed, index + np.uint32(k)) >> np.uint32(10)).astype(np.int64) for k in range(4))
    return (total - (1 << 23)).astype(F32) * F32(2.0**-22)


def positive(seed, n):
    return np.abs(bell(seed, n)) + F32(0.25)


def with_values(x, **at):
    x = x.copy()
    for value, indices in at.items():
        x[[i for i in indices if i < len(x)]] = F32(value)
    return x


def outliers(seed, n):
    x = bell(seed, n)
    x[::97] *= F32(64)
    return x


def constant_then_random(seed, n, batch):
    return np.full(n, 0.7, F32) if batch == 0 else bell(seed, n)


# Name: (number of batches, which of them are empty, batch(seed, n, batch index)).
STREAMS = {
    "random": (3, (), lambda s, n, b: bell(s, n)),
    "zeros": (2, (), lambda s, n, b: np.zeros(n, F32)),
    "constant": (2, (), lambda s, n, b: np.full(n, 0.7, F32)),
    "constant_negative": (2, (), lambda s, n, b: np.full(n, -3.25, F32)),
    "constants": (4, (), lambda s, n, b: np.full(n, F32(b) * F32(0.5) - F32(0.75), F32)),
    "constant_then_random": (3, (), constant_then_random),
    "constant_2_25": (2, (), lambda s, n, b: np.full(n, 2.0**25, F32)),
    "constant_1e10_then_random": (2, (), lambda s, n, b: np.full(n, 1e10, F32) if b == 0 else bell(s, n)),
    "constant_1e30": (1, (), lambda s, n, b: np.full(n, 1e30, F32)),
    "positive": (3, (), lambda s, n, b: positive(s, n)),
    "negative": (3, (), lambda s, n, b: -positive(s, n)),
    "relu": (3, (), lambda s, n, b: np.maximum(bell(s, n), F32(0))),
    "huge": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**100)),
    "extreme": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**126)),
    "overflowing": (2, (), lambda s, n, b: bell(s, n) * F32(2.0**127)),
    "tiny": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**-100)),
    "small": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**-12)),
    "denormal": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**-135)),
    "few_denormals": (3, (), lambda s, n, b: bell(s, n) * F32(2.0**-146)),
    "nan": (3, (), lambda s, n, b: with_values(bell(s, n), nan=[7]) if b == 1 else bell(s, n)),
    "nan_first": (2, (), lambda s, n, b: with_values(bell(s, n), nan=[7]) if b == 0 else bell(s, n)),
    "inf": (3, (), lambda s, n, b: with_values(bell(s, n), inf=[3], **{"-inf": [5]}) if b == 1 else bell(s, n)),
    "inf_first": (2, (), lambda s, n, b: with_values(bell(s, n), inf=[3]) if b == 0 else bell(s, n)),
    "all_inf": (1, (), lambda s, n, b: np.full(n, np.inf, F32)),
    "empty": (2, (0, 1), lambda s, n, b: bell(s, n)),
    "empty_then_random": (3, (0,), lambda s, n, b: bell(s, n)),
    "growing": (20, (), lambda s, n, b: bell(s, n) * (F32(1) + F32(b) * F32(0.25))),
    "growing_shifted": (20, (), lambda s, n, b: bell(s, n) * (F32(1) + F32(b)) + F32(b) * F32(0.5)),
    "shrinking": (6, (), lambda s, n, b: bell(s, n) * F32(2.0**-b)),
    "outliers": (3, (), lambda s, n, b: outliers(s, n)),
}


def batches(name, shape):
    """The batches of a stream, as arrays of this shape (dimension 0 is 0 where a batch is empty)."""
    return made(name, tuple(shape))


@functools.cache
def made(name, shape):
    n_batches, empty, make = STREAMS[name]
    seed = 1000 * list(STREAMS).index(name)
    dims = [(0, *shape[1:]) if b in empty else shape for b in range(n_batches)]
    return [make(seed + b, int(np.prod(dims[b])), b).reshape(dims[b]) for b in range(n_batches)]


def gradient(name, batch, shape):
    """The gradient of the output for a batch."""
    seed = 500_000 + 1000 * list(STREAMS).index(name) + batch
    return bell(seed, int(np.prod(shape))).reshape(shape)
