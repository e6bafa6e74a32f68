"""TFLite through `qdq convert` and `qdq run`: the same bits in LiteRT after a round trip; the same numbers out of ONNX and into it.

Needs the environment of `requirements-litert.txt`.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime

import command
import litert
from checks import Checks
from measures import relative_error, sqnr
from places import WORK, shared_models

N_FEEDS = 4

# A round trip may add this share to a file: names and signatures differ. Ranges of calibration are left out, which
# makes some files smaller.
MAX_GROWTH = 0.02

# Float kernels sum in other orders: largest difference over the largest number.
FLOAT_TOLERANCE = 2e-5

# Integer kernels round in other ways, and differences of one step grow from layer to layer: least signal to noise, dB.
MIN_SQNR = 20.0
# Of random networks with few channels on random data; some quantize inputs of ops while they run, which ONNX does not.
MIN_SAMPLE_SQNR = 25.0

# Models whose float ops quantize their inputs while they run, which `qdq run` and ONNX do not.
DYNAMIC_RANGE = {"kws_ref_model_float32"}
DYNAMIC_RANGE_TOLERANCE = 5e-2

# Convolutional nets in ONNX: no transposes inside once they are TFLite. Input names are given fixed shapes.
CONVOLUTIONAL = {
    "01_resnet8_cifar10/resnet8_nchw.onnx": 1,
    "09_efficientnet_lite0/efficientnet_lite0.onnx": 1,
    "08_ppocr_det_cls/ch_ppocr_mobile_v2.0_cls_infer.onnx": 1,
}


# What the samples hold that is refused, and the words of the error.
REFUSED = {
    # Their variables have no values: the converter left them out.
    **dict.fromkeys(("bilstm_fn", "gru_fn", "gru_unroll_fn", "lstm_fn"), "a resource"),
    "eager_q_integer_quant_with_int16_act": "scale inf",
}
# LiteRT has no kernel for its squared difference of 16 bits.
BROKEN = {"mha_fn.i16x8_fallback"}
# Weights in blocks, of which the reference kernels make nonsense.
BLOCKS = {"resdw_fn.dyn4b32"}
# LSTMs on integers with one scale for what the state is computed in, another for what it is read in, which no real numbers mean: they
# come back in float between integers, nearer to the float model than they were.
CONTRADICTORY_LSTMS = ("tfk_bilstm_b1.i8io",)


def files() -> list[Path]:
    return sorted(shared_models().glob("*/*.tflite"))


def samples() -> list[Path]:
    """Small models of every kind of converter."""
    found = (shared_models().parent / "tflite_samples").glob("**/*.tflite")
    return sorted(file for file in found if file.stem not in BROKEN)


def refusal(file: Path) -> str | None:
    return next((words for name, words in REFUSED.items() if file.stem == name or file.stem.startswith(f"{name}.")), None)


def folder(file: Path) -> Path:
    out = WORK / "tflite" / file.stem
    out.mkdir(parents=True, exist_ok=True)
    return out


def same_bits(file: Path, again: Path, resolver: litert.OpResolverType) -> bool:
    """Whether two models give the same outputs on random numbers."""
    theirs, ours = litert.Model(file, resolver), litert.Model(again, resolver)
    return all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for feed in litert.random_feeds(theirs, N_FEEDS)
        for a, b in zip(theirs.run(feed), ours.run(feed), strict=True))


def integer_lstm(file: Path, again: Path, checks: Checks) -> None:
    """Both models beside the float one that the converter made the integer one of."""
    exact = litert.Model(file.with_name(f"{file.name.split('.')[0]}.f32.tflite"), litert.REFERENCE)
    found: dict[str, float] = {}
    for name, path in {"theirs": file, "ours": again}.items():
        model = litert.Model(path, litert.REFERENCE)
        pairs = [
            (float_output, litert.real(details, output))
            for feed in litert.random_feeds(model, N_FEEDS)
            for float_output, details, output in zip(
                exact.run([litert.real(*pair).astype(np.float32) for pair in zip(model.inputs, feed, strict=True)]),
                model.outputs, model.run(feed), strict=True)
        ]
        found[name] = sqnr(*map(list, zip(*pairs, strict=True)))
    checks.check(found["ours"] >= found["theirs"], f"{file.name}: {found['ours']:.1f} dB, before {found['theirs']:.1f}")
    print(f"{file.name:48} {found['ours']:.1f} dB to float, before {found['theirs']:.1f}", flush=True)


def beside_onnxruntime(file: Path, out: Path, model: litert.Model) -> Iterator[tuple[dict, np.ndarray, np.ndarray]]:
    """Converts a model into ONNX; what LiteRT says of each output, its numbers on random ones, and onnxruntime's."""
    command.convert(file, out)
    session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    for feed in litert.random_feeds(model, N_FEEDS):
        named = {value.name: array for value, array in zip(session.get_inputs(), feed, strict=True)}
        yield from zip(model.outputs, model.run(feed), session.run(None, named), strict=True)


def sample(file: Path, checks: Checks) -> None:
    """The same bits of the reference kernels after a round trip, and the same numbers in onnxruntime, or a clear refusal."""
    words = refusal(file)
    again, out = folder(file) / "again.tflite", folder(file) / "model.onnx"
    if words is not None:
        error = command.error("convert", file, again)
        checks.check(words in error, f"{file.name}: {error}")
        return
    command.convert(file, again)
    resolver = litert.DELEGATED if file.stem in BLOCKS else litert.REFERENCE
    if file.stem in CONTRADICTORY_LSTMS:
        integer_lstm(file, again, checks)
        return
    same = same_bits(file, again, resolver)
    checks.check(same, f"{file.name}: outputs differ after a round trip")
    real = [(litert.real(details, a), litert.real(details, b.reshape(a.shape)))
            for details, a, b in beside_onnxruntime(file, out, litert.Model(file, resolver))]
    noise = sqnr(*map(list, zip(*real, strict=True)))
    checks.check(noise >= MIN_SAMPLE_SQNR, f"{file.name}: {noise:.1f} dB in ONNX")
    print(f"{file.name:48} {'same bits' if same else 'DIFFERENT'}, {noise:.1f} dB in ONNX", flush=True)


def show(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {op}" for op, n in sorted(counts.items()))


def round_trip(file: Path, checks: Checks) -> None:
    again = folder(file) / "again.tflite"
    command.convert(file, again)
    same = all(same_bits(file, again, resolver) for resolver in (litert.REFERENCE, litert.DELEGATED))
    checks.check(same, f"{file.name}: outputs differ after a round trip")
    growth = again.stat().st_size / file.stat().st_size - 1
    checks.check(growth <= MAX_GROWTH, f"{file.name}: {growth:+.1%} bytes after a round trip")
    print(f"{file.name:32} {'same bits' if same else 'DIFFERENT'}  {growth:+.2%}  {show(litert.op_counts(again))}", flush=True)


def ours_on(file: Path, model: litert.Model, feeds: list[litert.Feed], out: Path) -> list[list[np.ndarray]]:
    """What `qdq run` computes, one run at a time."""
    outputs = []
    inputs = [name_of(signature_inputs(model), details) for details in model.inputs]
    for feed in feeds:
        data = out / "feed"
        data.mkdir(exist_ok=True)
        np.savez(data / "0.npz", **dict(zip(inputs, feed, strict=True)))
        outputs.append(list(command.run(file, data, out / "outputs.npz")[0].values()))
    return outputs


def tolerance(file: Path) -> float:
    return DYNAMIC_RANGE_TOLERANCE if file.stem in DYNAMIC_RANGE else FLOAT_TOLERANCE


class Distance:
    """How far outputs are from those of LiteRT: floats relative to the largest, integers in steps."""

    def __init__(self) -> None:
        self.off, self.steps, self.equal, self.total = 0.0, 0, 0, 0
        self.exact: list[np.ndarray] = []
        self.other: list[np.ndarray] = []

    def add(self, details: dict, theirs: np.ndarray, ours: np.ndarray) -> None:
        ours = ours.reshape(theirs.shape)
        if np.issubdtype(theirs.dtype, np.floating):
            self.off = max(self.off, relative_error(ours, theirs))
            return
        steps = np.abs(theirs.astype(np.int64) - ours)
        self.steps = max(self.steps, int(steps.max()))
        self.equal, self.total = self.equal + int((steps == 0).sum()), self.total + steps.size
        self.exact.append(litert.real(details, theirs))
        self.other.append(litert.real(details, ours))

    def check(self, what: str, file: Path, checks: Checks) -> None:
        checks.check(self.off <= tolerance(file), f"{file.name}: {what} is off by {self.off:.1e}")
        text = f"{self.off:.1e} off"
        if self.total:
            noise = sqnr(self.exact, self.other)
            checks.check(noise >= MIN_SQNR, f"{file.name}: {what} has {noise:.1f} dB")
            text = f"{self.equal / self.total:.1%} of the integers equal, others up to {self.steps} steps off, {noise:.1f} dB"
        print(f"{file.name:32} {what}: {text}", flush=True)


def signature_inputs(model: litert.Model) -> dict[int, str]:
    """Names of the first signature's inputs by tensor."""
    signatures = model.interpreter._get_full_signature_list()  # noqa: SLF001 - there is no other way
    for signature in signatures.values():
        return {index: name for name, index in signature["inputs"].items()}
    return {}


def name_of(names: dict[int, str], details: dict) -> str:
    return names.get(details["index"], details["name"])


def float_parity(file: Path, checks: Checks) -> None:
    """`qdq run` computes what LiteRT does: floats within rounding, integers within steps."""
    model = litert.Model(file)
    feeds = litert.random_feeds(model, N_FEEDS)
    ours = ours_on(file, model, feeds, folder(file))
    distance = Distance()
    for feed, mine in zip(feeds, ours, strict=True):
        for details, a, b in zip(model.outputs, model.run(feed), mine, strict=True):
            distance.add(details, a, b)
    distance.check("qdq run", file, checks)


def from_onnx(name: str, n_border: int, checks: Checks) -> None:
    file = shared_models() / name
    out = folder(file) / "float.tflite"
    command.convert(file, out)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    model = litert.Model(out)
    worst = 0.0
    for feed in litert.random_feeds(model, N_FEEDS):
        named = {value.name: array for value, array in zip(session.get_inputs(), feed, strict=True)}
        for a, b in zip(session.run(None, named), model.run(feed), strict=True):
            worst = max(worst, relative_error(b, a))
    counts = litert.op_counts(out)
    checks.check(worst <= FLOAT_TOLERANCE, f"{name}: TFLite is off by {worst:.1e}")
    checks.check(counts["TRANSPOSE"] <= n_border, f"{name}: {counts['TRANSPOSE']} transposes")
    print(f"{file.name:32} from ONNX: {worst:.1e} off, {show(counts)}", flush=True)


def to_onnx(file: Path, checks: Checks) -> None:
    """The integers of an integer model, or the numbers of a float one, in onnxruntime."""
    distance = Distance()
    for details, a, b in beside_onnxruntime(file, folder(file) / "model.onnx", litert.Model(file)):
        distance.add(details, a, b)
    distance.check("ONNX", file, checks)


def main() -> int:
    checks = Checks()
    if not files():
        checks.skip("TFLite models", f"there is no {shared_models()}")
        return checks.finish()
    for file in files():
        for check in (round_trip, float_parity, to_onnx):
            checks.guard(f"{check.__name__} of {file.name}", lambda check=check, file=file: check(file, checks))
    if not samples():
        checks.skip("TFLite samples", "they are not there")
    for file in samples():
        checks.guard(f"sample {file.name}", lambda file=file: sample(file, checks))
    for name, n_border in CONVOLUTIONAL.items():
        checks.guard(name, lambda name=name, n_border=n_border: from_onnx(name, n_border, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
