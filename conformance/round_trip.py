"""`qdq convert IN OUT` (read, write untouched): a valid file from which onnxruntime computes the same bits."""

import sys

import onnx

import command
import models
import runtime
from checks import Checks
from measures import identical
from models import Model
from places import WORK


def compare(model: Model, checks: Checks) -> None:
    again = WORK / model.name / "again.onnx"
    test = models.data(model.prepared(), "test")
    command.convert(model.path, again)
    onnx.checker.check_model(str(again), full_check=True)
    pairs = zip(runtime.run_all(runtime.session(again), models.feeds(test)), models.float_outputs(model), strict=True)
    same = checks.check(all(identical(ours, theirs) for ours, theirs in pairs), f"{model.name}: outputs differ after a round trip")
    checks.check(runtime.op_counts(again) == runtime.op_counts(model.path), f"{model.name}: other ops after a round trip")
    print(f"{model.name:20} {'same bits' if same else 'DIFFERENT'}", flush=True)


def main(names: list[str]) -> int:
    checks = Checks()
    for model in models.chosen(names):
        if model.missing:
            checks.skip(f"round trip of {model.name}", model.missing)
        else:
            checks.guard(model.name, lambda model=model: compare(model, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
