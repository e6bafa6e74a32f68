"""Speed in onnxruntime of `qdq`'s int8 model against every output of onnxruntime's own quantizer for the same model.

Nothing is asserted but with `--assert`: then the best of the other outputs must not be faster. One thread, runs in turn; each
round is one run of each model, and the time of a model is its median over rounds: what disturbs one disturbs all.
"""

import contextlib
import logging
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import command
import foreign
import models
import runtime
from checks import Checks
from models import Model

# Outputs of the other tool that a user would choose among on this machine.
RIVALS = ("u8s8", "u8s8-channels", "s8s8", "qoperator", "dynamic")
N_CALIBRATION = 8
SECONDS = 8.0
LEAST_ROUNDS = 15
# Medians of the same file twice are this far apart.
NOISE = 0.04


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """The other tool warns about each of its own models."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def rivals(model: Model, folder: Path) -> dict[str, Path]:
    """The files that the other tool makes of a model, and that load."""
    found: dict[str, Path] = {}
    with quiet():
        try:
            source = foreign.prepared(model, folder)
        except Exception as error:  # noqa: BLE001 - the other tool's failure is a result
            print(f"{model.name:19} cannot be prepared by onnxruntime: {str(error)[:120]}")
            return found
        feeds = foreign.calibration(model, N_CALIBRATION)
        for name in RIVALS:
            out = folder / f"rival-{name}.onnx"
            try:
                foreign.VARIANTS[name](source, out, feeds)
                runtime.session(out)
                found[name] = out
            except Exception as error:  # noqa: BLE001
                print(f"{model.name:19} {name}: {type(error).__name__} {str(error)[:100]!r}")
    return found


def times(files: dict[str, Path], feed: runtime.Feed) -> dict[str, float]:
    """Median milliseconds of each file."""
    steps = {name: runtime.step(runtime.session(file, threads=1)) for name, file in files.items()}
    taken: dict[str, list[float]] = {name: [] for name in files}
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(next(iter(taken.values()))) < LEAST_ROUNDS:
        for name, step in steps.items():
            begin = time.perf_counter()
            step(feed)
            taken[name].append(time.perf_counter() - begin)
    return {name: statistics.median(sorted(all_times)) * 1000 for name, all_times in taken.items()}


def bench(model: Model, checks: Checks) -> None:
    folder = model.prepared()
    ours = folder / "int8.onnx"
    command.quantize(model.path, models.data(folder, "calibration"), ours)
    files = {"float": model.path, "qdq": ours, **rivals(model, folder)}
    found = times(files, next(models.feeds(models.data(folder, "sample"))))
    others = {name: ms for name, ms in found.items() if name not in ("float", "qdq")}
    best = min(others, key=lambda name: others[name]) if others else None
    ratio = others[best] / found["qdq"] if best else float("nan")
    listed = "  ".join(f"{name} {ms:.3f}" for name, ms in found.items())
    print(f"{model.name:19} x{ratio:.2f} of {best}; x{found['float'] / found['qdq']:.2f} of float  [ms] {listed}", flush=True)
    checks.check(best is None or ratio >= 1 - NOISE, f"{model.name}: {best} is faster, x{ratio:.2f}")


def main(arguments: list[str]) -> int:
    checks = Checks()
    for model in models.chosen([name for name in arguments if name != "--assert"]):
        if model.missing:
            checks.skip(f"rivals of {model.name}", model.missing)
        else:
            checks.guard(model.name, lambda model=model: bench(model, checks))
    code = checks.finish()
    return code if "--assert" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
