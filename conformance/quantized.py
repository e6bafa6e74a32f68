"""`qdq quantize` with default options on every model: accuracy in onnxruntime against the bars, and determinism.

Speeds and node counts are printed for information and not checked.
"""

import filecmp
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import command
import measures
import models
import runtime
from checks import Checks
from models import Model
from places import WORK
from runtime import Outputs


@dataclass(frozen=True)
class Bar:
    """What int8 may cost: the drop of a measure in its own unit (points), or the least mean cosine."""

    measure: str
    most_lost: float


BARS: dict[str, Bar] = {
    "fashion": Bar("top-1", 0.2),
    "resnet8": Bar("top-1", 0.3),
    "efficientnet-lite0": Bar("top-1", 1.0),
    "ppocr-cls": Bar("top-1", 0.5),
    "ppocr-det": Bar("recall", 0.5),
    "basic-pitch": Bar("notes", 0.5),
    "magika": Bar("top-1", 0.5),
    "vit": Bar("top-1", 0.5),
    "fsdd-gru": Bar("top-1", 0.5),
    "silero": Bar("accuracy", 0.3),
    "silero-16k": Bar("accuracy", 0.3),
}
COSINE_BARS: dict[str, float] = {"minilm": 0.99}
# Largest share of the float file.
SHARE_BARS: dict[str, float] = {"silero": 0.45}

# Ops that onnxruntime runs on integers under their own name.
MOVES = frozenset({
    "flatten", "reshape", "transpose", "squeeze", "unsqueeze", "slice", "gather", "gather_elements", "expand", "tile", "split",
    "max_pool", "reduce_max", "reduce_min", "resize", "depth_to_space", "pad", "identity",
})

# A measure is a sum over samples: half a sample of rounding is no loss.
SLACK = 1e-6


@dataclass
class Result:
    """One line of the table."""

    model: Model
    report: dict[str, Any]
    before: dict[str, float]
    after: dict[str, float]
    cosine: float
    sqnr: float
    ops: dict[str, int]
    sizes: tuple[int, int]
    speed: float = field(default=float("nan"))

    def line(self) -> str:
        task = ", ".join(f"{name} {self.before[name]:.3f} -> {self.after[name]:.3f}" for name in self.before)
        claimed = claimed_integer(self.report)
        shared = "" if self.model.separate else " (calibrated on part of the test data)"
        return (f"{self.model.name:19} {task:45} SQNR {self.sqnr:5.1f} dB  cosine {self.cosine:.4f}  "
                f"{self.sizes[0] / 1e3:8.0f} -> {self.sizes[1] / 1e3:6.0f} kB  speed x{self.speed:.2f}  "
                f"integer nodes {runtime.n_integer(self.ops)} (qdq says {claimed}){shared}")


def claimed_integer(report: dict[str, Any]) -> int:
    """The number of nodes that the report says will compute in integers; those that only move data keep their op."""
    return sum(row["n_integer"] for row in report["report"]["ops"] if row["op"] not in MOVES)


def losses(name: str, before: dict[str, float], after: dict[str, float], cosine: float, share: float = 0.0) -> list[str]:
    """The bars a model misses."""
    missed = []
    if name in BARS:
        bar = BARS[name]
        lost = before[bar.measure] - after[bar.measure]
        if not lost <= bar.most_lost + SLACK:
            missed.append(f"{bar.measure} lost {lost:.2f}, at most {bar.most_lost}")
    if name in COSINE_BARS and not cosine >= COSINE_BARS[name]:
        missed.append(f"mean cosine {cosine:.4f}, at least {COSINE_BARS[name]}")
    if share > SHARE_BARS.get(name, float("inf")):
        missed.append(f"{share:.2f} of the float file, at most {SHARE_BARS[name]}")
    return missed


def vectors(outputs: list[Outputs]) -> list[np.ndarray]:
    """The first output of each run, one row a sample (or the whole, where rows are no samples)."""
    arrays = [next(iter(group.values())) for group in outputs]
    return [a.reshape(len(a), -1) if a.ndim > 1 else a.reshape(1, -1) for a in arrays]


def measure(model: Model, file: Path, report: dict[str, Any]) -> Result:
    """Everything about one int8 model."""
    folder = model.prepared()
    exact = models.float_outputs(model)
    int8 = runtime.run_all(runtime.session(file), models.feeds(models.data(folder, "test")))
    a, b = vectors(exact), vectors(int8)
    sample = next(models.feeds(models.data(folder, "sample")))
    return Result(
        model=model, report=report,
        before=models.score(model, model.path, exact), after=models.score(model, file, int8),
        cosine=float(np.mean([measures.mean_cosine(x, y) for x, y in zip(a, b, strict=True)])),
        sqnr=measures.sqnr(a, b), ops=runtime.optimized_ops(file, folder / "optimized.onnx"),
        sizes=(model.path.stat().st_size, file.stat().st_size),
        speed=runtime.speed_ratio(model.path, file, sample))


def shuffled(path: Path, folder: Path) -> Path:
    """The same samples in another order."""
    order = np.random.default_rng(7)
    if path.is_dir():
        target = folder / "shuffled"
        target.mkdir(exist_ok=True)
        files = sorted(path.glob("*.npz"))
        for idx, source_idx in enumerate(order.permutation(len(files))):
            (target / f"{idx:04}.npz").write_bytes(files[source_idx].read_bytes())
        return target
    with np.load(path) as arrays:
        everything = {name: arrays[name] for name in arrays.files}
    rows = order.permutation(len(next(iter(everything.values()))))
    np.savez(folder / "shuffled.npz", **{name: array[rows] for name, array in everything.items()})
    return folder / "shuffled.npz"


def check_determinism(model: Model, file: Path, checks: Checks) -> None:
    """Same bytes with one thread and two, and in another order of the samples."""
    folder = WORK / model.name
    calibration = models.data(folder, "calibration")
    other = folder / "other.onnx"
    variants: list[tuple[str, Callable[[], object]]] = [
        ("one thread", lambda: command.quantize(model.path, calibration, other, "--threads", "1")),
        ("two threads", lambda: command.quantize(model.path, calibration, other, "--threads", "2")),
        ("shuffled samples", lambda: command.quantize(model.path, shuffled(calibration, folder), other)),
    ]
    for what, make in variants:
        make()
        checks.check(filecmp.cmp(file, other, shallow=False), f"{model.name}: other bytes with {what}")


def check(model: Model, checks: Checks) -> None:
    folder = model.prepared()
    file = folder / "int8.onnx"
    report = command.quantize(model.path, models.data(folder, "calibration"), file)
    result = measure(model, file, report)
    print(result.line(), flush=True)
    checks.check(True, f"{model.name} runs")
    missed = losses(model.name, result.before, result.after, result.cosine, result.sizes[1] / result.sizes[0])
    if model.name in BARS or model.name in COSINE_BARS:
        checks.check(not missed, f"{model.name}: {'; '.join(missed)}")
    check_determinism(model, file, checks)


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:], "int8 form", check))
