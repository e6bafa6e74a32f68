"""Float outputs of `qdq run` against onnxruntime, every model, its own test data."""

import sys

import numpy as np

import command
import models
from checks import Checks
from measures import relative_error
from models import Model
from places import WORK

BAR = 1e-4

# (model, output) -> (bar, cause), where an op needs more than the common bar.
EXCEPTIONS: dict[tuple[str, str], tuple[float, str]] = {}

Outputs = dict[str, np.ndarray]


def paired(ours: list[Outputs], theirs: list[Outputs]) -> list[tuple[Outputs, Outputs]]:
    """Groups of outputs side by side; rows that were run in several groups are joined first."""
    if len(ours) == 1 and len(theirs) > 1:
        theirs = [{name: np.concatenate([group[name] for group in theirs]) for name in theirs[0]}]
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} groups of outputs, onnxruntime has {len(theirs)}")
    return list(zip(ours, theirs, strict=True))


def errors(ours: list[Outputs], theirs: list[Outputs]) -> dict[str, float]:
    """The worst relative error of each output over all groups; infinite for an output that is missing."""
    worst = dict.fromkeys(theirs[0], 0.0)
    for mine, reference in paired(ours, theirs):
        for name in worst:
            error = relative_error(mine[name], reference[name]) if name in mine else float("inf")
            worst[name] = max(worst[name], error)
    return worst


def bar(model: Model, output: str) -> float:
    return EXCEPTIONS.get((model.name, output), (BAR, ""))[0]


def compare(model: Model, checks: Checks) -> None:
    test = models.data(model.prepared(), "test")
    found = errors(command.run(model.path, test, WORK / model.name / "float.npz"), models.float_outputs(model))
    print(f"{model.name:20} " + "  ".join(f"{name} {error:.1e}" for name, error in found.items()), flush=True)
    for name, error in found.items():
        limit = bar(model, name)
        checks.check(error <= limit, f"{model.name}: output {name}: relative error {error:.2e} > {limit:.0e}")


def main(names: list[str]) -> int:
    checks = Checks()
    for model in models.chosen(names):
        if model.missing:
            checks.skip(f"float parity of {model.name}", model.missing)
        else:
            checks.guard(model.name, lambda model=model: compare(model, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
