"""Running models in onnxruntime."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

Feed = dict[str, np.ndarray]
Outputs = dict[str, np.ndarray]
Step = Callable[[Feed], Outputs]

onnxruntime.set_default_logger_severity(3)

# Nodes that compute in integers in a graph optimized by onnxruntime.
INTEGER_OPS = frozenset({
    "QLinearConv", "QLinearMatMul", "QGemm", "MatMulIntegerToFloat", "QLinearAdd", "QLinearMul", "QLinearAveragePool",
    "QLinearGlobalAveragePool", "QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax", "QLinearConcat", "QLinearWhere",
    "ConvInteger", "MatMulInteger", "DynamicQuantizeMatMul", "DynamicQuantizeLSTM", "QAttention", "MatMulNBits",
})


def has_vnni() -> bool:
    """Whether this processor adds up products of bytes in 32 bits; onnxruntime saturates pairs of them where it does not."""
    cpu = Path("/proc/cpuinfo")
    flags = cpu.read_text().split() if cpu.exists() else []
    return bool({"avx512_vnni", "avx_vnni", "amx_int8"} & set(flags))


def session(model: Path | bytes, threads: int = 2, optimized: Path | None = None,
            optimize: bool = True) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if optimized is not None:
        options.optimized_model_filepath = str(optimized)
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def step(running: onnxruntime.InferenceSession) -> Step:
    """A function from named inputs to named outputs; ignores arrays that are no inputs (labels)."""
    inputs = {value.name for value in running.get_inputs()}
    outputs = [value.name for value in running.get_outputs()]

    def run(feed: Feed) -> Outputs:
        return dict(zip(outputs, running.run(outputs, {n: a for n, a in feed.items() if n in inputs}), strict=True))

    return run


def run_all(running: onnxruntime.InferenceSession, feeds: Iterable[Feed]) -> list[Outputs]:
    return [step(running)(feed) for feed in feeds]


def op_counts(model: Path) -> Counter[str]:
    """How many nodes of each op a model has, those in `If` and `Loop` bodies included."""
    counts: Counter[str] = Counter()
    pending = [onnx.load(str(model), load_external_data=False).graph]
    while pending:
        for node in pending.pop().node:
            counts[node.op_type] += 1
            pending.extend(a.g for a in node.attribute if a.type == onnx.AttributeProto.GRAPH)
    return counts


def optimized_ops(model: Path, scratch: Path) -> Counter[str]:
    """The ops onnxruntime runs after its own optimization."""
    session(model, optimized=scratch)
    counts = op_counts(scratch)
    scratch.unlink()
    return counts


def n_integer(counts: Counter[str]) -> int:
    return sum(n for op, n in counts.items() if op in INTEGER_OPS)


def speed_ratio(float_model: Path, int_model: Path, feed: Feed, seconds: float = 2.0) -> float:
    """How many times as fast the second model is as the first, one thread, runs in turn, medians."""
    runs = [step(session(float_model, threads=1)), step(session(int_model, threads=1))]
    times: list[list[float]] = [[], []]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for run, mine in zip(runs, times, strict=True):
            begin = time.perf_counter()
            run(feed)
            mine.append(time.perf_counter() - begin)
    return statistics.median(times[0]) / statistics.median(times[1])
