"""Shows that each check can fail: the checks' functions on data that are right, then spoiled a little."""

import contextlib
import io
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import float_parity
import measures
import node_tests
import one_op
import quantized
import runtime
from checks import Checks
from models import Model

RANDOM = np.random.default_rng(1)


def check_relative_error(checks: Checks) -> None:
    exact = RANDOM.normal(size=(4, 5)).astype(np.float32)
    spoiled = exact.copy()
    spoiled[2, 3] += 2e-4 * np.abs(exact).max()
    not_a_number = exact.copy()
    not_a_number[0, 0] = np.nan
    checks.check(measures.relative_error(exact, exact) == 0, "equal arrays have no error")
    checks.check(measures.relative_error(spoiled, exact) > float_parity.BAR, "a difference of 2e-4 goes unseen")
    checks.check(measures.relative_error(not_a_number, exact) > 1, "a NaN goes unseen")
    checks.check(measures.relative_error(exact, not_a_number) > 1, "a missing NaN goes unseen")
    checks.check(measures.relative_error(exact[:3], exact) > 1, "a missing row goes unseen")
    checks.check(measures.relative_error(exact.astype(np.float64), exact) > 1, "another type goes unseen")


def check_groups(checks: Checks) -> None:
    theirs = [{"y": RANDOM.normal(size=(2, 3)), "z": np.ones(2)} for _ in range(3)]
    joined = {name: np.concatenate([group[name] for group in theirs]) for name in ("y", "z")}
    swapped = {**joined, "y": joined["y"][::-1]}
    lacking = {"y": joined["y"]}
    checks.check(max(float_parity.errors([joined], theirs).values()) == 0, "joined groups are equal")
    checks.check(max(float_parity.errors([swapped], theirs).values()) > 1e-4, "swapped rows go unseen")
    checks.check(max(float_parity.errors([lacking], theirs).values()) > 1e-4, "a missing output goes unseen")


def check_identity(checks: Checks) -> None:
    outputs = {"y": np.array([0.0, 1.0], np.float32)}
    checks.check(measures.identical(outputs, {"y": outputs["y"].copy()}), "equal outputs are identical")
    checks.check(not measures.identical(outputs, {"y": np.array([-0.0, 1.0], np.float32)}), "a changed bit goes unseen")
    checks.check(not measures.identical(outputs, {"x": outputs["y"]}), "another name goes unseen")


def check_bars(checks: Checks) -> None:
    for name, bar in quantized.BARS.items():
        before, kept = {bar.measure: 90.0}, {bar.measure: 90.0 - bar.most_lost}
        lost = {bar.measure: 90.0 - bar.most_lost - 0.05}
        checks.check(not quantized.losses(name, before, kept, 1.0), f"{name}: a drop at the bar is allowed")
        checks.check(bool(quantized.losses(name, before, lost, 1.0)), f"{name}: a drop below the bar goes unseen")
    for name, least in quantized.COSINE_BARS.items():
        checks.check(bool(quantized.losses(name, {}, {}, least - 0.001)), f"{name}: a low cosine goes unseen")
        checks.check(bool(quantized.losses(name, {}, {}, float("nan"))), f"{name}: a NaN cosine goes unseen")
    for name, most in quantized.SHARE_BARS.items():
        even = {quantized.BARS[name].measure: 90.0}
        checks.check(bool(quantized.losses(name, even, even, 1.0, most + 0.01)), f"{name}: a large file goes unseen")


def check_measures(checks: Checks) -> None:
    scores, labels = np.eye(4)[[0, 1, 2, 2]], np.arange(4)
    checks.check(measures.top1(scores, labels) == 75, "one of four is wrong")
    checks.check(measures.area_under_curve(np.array([False, True, True]), np.array([0.1, 0.2, 0.3])) == 1, "perfect order")
    checks.check(measures.area_under_curve(np.array([True, False, False]), np.array([0.1, 0.2, 0.3])) == 0, "worst order")
    checks.check(abs(measures.sqnr([np.ones(100)], [np.full(100, 0.9)]) - 20) < 1e-9, "a tenth is 20 dB")
    checks.check(abs(measures.mean_cosine(np.eye(2), np.ones((2, 2))) - 0.5 ** 0.5) < 1e-9, "45 degrees")


def tiny_model(weight: float) -> bytes:
    """y = If(flag, x * weight, x): one node of interest inside a body."""
    def body(name: str, node: onnx.NodeProto) -> onnx.GraphProto:
        return helper.make_graph([node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None])])

    branches = {
        "then_branch": body("t", helper.make_node("Mul", ["x", "w"], ["t"])),
        "else_branch": body("e", helper.make_node("Identity", ["x"], ["e"])),
    }
    graph = helper.make_graph(
        [helper.make_node("If", ["flag"], ["y"], **branches)], "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None]), helper.make_tensor_value_info("flag", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])],
        [numpy_helper.from_array(np.array([weight], np.float32), "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def check_runtime(checks: Checks) -> None:
    feed = {"x": np.array([1, 2], np.float32), "flag": np.array(True), "labels": np.arange(2)}
    exact, again, spoiled = (runtime.run_all(runtime.session(tiny_model(w)), [feed])[0] for w in (0.3, 0.3, 0.30000004))
    checks.check(measures.identical(exact, again), "one model runs twice the same")
    checks.check(not measures.identical(exact, spoiled), "a weight changed by one bit goes unseen")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tiny.onnx"
        file.write_bytes(tiny_model(1.0))
        checks.check(runtime.op_counts(file) == {"If": 1, "Mul": 1, "Identity": 1}, "nodes in bodies are counted")


def check_one_op(checks: Checks) -> None:
    node = one_op.Node("relu", "Relu", [], None)
    theirs = RANDOM.integers(0, 256, (3, 7)).astype(np.uint8)
    spoiled = theirs.copy()
    spoiled[1, 2] ^= 1
    for ours, differing, what in ((theirs, 0, "equal integers differ"), (spoiled, 1, "a changed integer goes unseen"),
                                  (theirs.astype(np.int8), 21, "another type goes unseen"), (theirs[:2], 21, "a missing row goes unseen")):
        count = one_op.Count()
        one_op.compare(node, ours, theirs, count)
        checks.check((count.outputs, count.differing) == (21, differing), what)
    count = one_op.Count()
    one_op.compare(node, "no kernel", theirs, count)
    checks.check(count.refused == 1, "a refused case goes unseen")
    checks.check(not one_op.is_fused(one_op.Node("add", "Add", [], None, kernel="QLinearAdd"), Counter(Add=1)), "a float kernel goes unseen")


def check_node_tests(checks: Checks) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = next(case for case in node_tests.load_node_model_tests() if case.name == "test_add")
    (_, (expected,)), = case.data_sets
    near = expected * np.float32(1 + 5e-4)

    def wrong(ours: np.ndarray, dtype: str = "f32") -> str | None:
        return node_tests.difference(case, [{"dtype": dtype, "shape": list(ours.shape), "offset": 0}], ours.tobytes())

    checks.check(wrong(expected) is None and wrong(near) is None, "outputs within the tolerance are right")
    checks.check(wrong(expected * np.float32(1.01)) is not None, "a difference of a hundredth goes unseen")
    checks.check(wrong(expected.astype(np.float64), "f64") is not None, "another type goes unseen")
    checks.check(wrong(expected[:2]) is not None, "a missing row goes unseen")
    checks.check(node_tests.difference(case, "no kernel", b"") == "no kernel", "an error goes unseen")
    counted = Checks()
    with contextlib.redirect_stdout(io.StringIO()):
        node_tests.judge(counted, {"a": None, "b": "wrong", "c": "wrong", "d": None}, {"c": "reason", "d": "reason"})
    checks.check((counted.passed, counted.failed, counted.skipped) == (1, 2, 1), "an excluded test that passes goes unseen")


def check_counting(checks: Checks) -> None:
    nowhere = Model("nowhere", "nowhere.onnx", lambda *_: None, lambda _: {})
    checks.check(nowhere.missing is not None, "a model that is not there goes unseen")
    counted = Checks()
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        counted.guard("model", lambda: counted.check(1 / 0 == 1, "never reached"))
        counted.skip("model", "no reason")
        code = counted.finish()
    checks.check(code == 1 and printed.getvalue().endswith("\n0 passed, 1 failed, 1 skipped\n"), "an exception goes unseen")


def main() -> int:
    checks = Checks()
    for check in (check_relative_error, check_groups, check_identity, check_bars, check_measures, check_runtime, check_one_op,
                  check_node_tests, check_counting):
        checks.guard(check.__name__, lambda check=check: check(checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
