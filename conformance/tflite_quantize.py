"""`qdq quantize` into TFLite: the specification's types, accuracy beside the vendors' own int8 files, modes, borders.

Needs the environment of `requirements-litert.txt`.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert._pywrap_tensorflow_lite_calibration_wrapper import CalibrationWrapper

import command
import litert
import tflite_models
from checks import Checks
from measures import sqnr
from places import WORK, shared_models

# Bytes of a model whose size is mostly weights of 1024 elements and more; smaller ones stay in float.
SMALLEST = 200_000
PRODUCTS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV"}
# A step of one layer grows to several in the layers after it: least signal to noise, dB.
QDQ_SQNR = 20.0
N_ORACLE = 20
RECURRENT = ("k3_lstm_b1", "k3_gru_b1", "k3_bilstm_b1", "tfk_lstm_b1")
RECURRENT_SQNR = 25.0
# Ranges of LiteRT's calibrator come from its own float kernels: scales may differ by a few last bits.
SCALE_TOLERANCE = 1e-5
# The wheel's quantizer multiplies weights by 127 / largest, TFLiteConverter's newer one, and ours, by 1 / scale: the last bit
# of one decides about a half now and then. Largest share of weights one step apart.
WEIGHT_SHARE = 1e-3
# How much less signal to noise than the model of LiteRT's quantizer, dB: their integers are the same, but for ranges.
ORACLE_SQNR = 0.5


@dataclass(frozen=True)
class Case:
    """A float model, its data, how it is scored, and what the vendor's int8 file scores."""

    name: str
    file: str
    data: Callable[[Path], tuple[np.ndarray, np.ndarray, np.ndarray | None]]
    vendor: str | None
    # Whether the test data have labels, so that the vendor's accuracy is a bar.
    is_labelled: bool
    # Largest loss against the float model, in points.
    max_loss: float | None = None


def cifar(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    d = np.load(folder / "cifar10_data.npz")
    return d["x_calib"].astype(np.float32), d["x_test"].astype(np.float32), d["y_test"]


def keywords(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    d = np.load(folder / "kws_data.npz")
    x = ((d["x_int8"].astype(np.float32) - d["zero_point"]) * d["scale"]).astype(np.float32)
    return x[::5], x, d["y"]


def people(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    d = np.load(folder / "vww_unlabelled.npz")
    x = d["x"].astype(np.float32) / 255
    return x, x, d["ref_probs_float_tflite"].argmax(1)


def machines(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    x = np.load(folder / "ad_windows.npz")["x"]
    return x, x, None


def digits(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    d = np.load(folder / "mnist_data.npz")
    return d["x_calib"].astype(np.float32), d["x_test"].astype(np.float32), d["y_test"]


CASES = [
    Case("resnet8", "01_resnet8_cifar10/pretrainedResnet.tflite", cifar, "pretrainedResnet_quant.tflite", True, 0.1),
    Case("kws", "02_dscnn_kws/kws_ref_model_float32.tflite", keywords, "kws_ref_model.tflite", True),
    Case("vww", "03_mobilenetv1_vww/vww_96_float.tflite", people, "vww_96_int8.tflite", False),
    Case("ad01", "04_autoencoder_ad/ad01_fp32.tflite", machines, "ad01_int8.tflite", False),
    Case("mnist", "10_mnist_dscnn_keras/mnist_dscnn_float.tflite", digits, None, True),
]

# Convolutional nets in ONNX: how many transposes may stand at the border, and the ops that stay in float.
NETS = {
    "01_resnet8_cifar10/resnet8_nchw.onnx": 1,
    "09_efficientnet_lite0/efficientnet_lite0.onnx": 1,
    "08_ppocr_det_cls/ch_ppocr_mobile_v2.0_cls_infer.onnx": 1,
}


def run_all(model: litert.Model, rows: np.ndarray) -> np.ndarray:
    """The real numbers of the first output, row by row."""
    outputs = []
    for row in rows:
        details = model.inputs[0]
        if np.issubdtype(details["dtype"], np.integer):
            scale, zero_point = details["quantization"]
            info = np.iinfo(details["dtype"])
            row = np.clip(np.round(row / scale + zero_point), info.min, info.max)
        outputs.append(litert.real(model.outputs[0], model.run([row.astype(details["dtype"])[None]])[0])[0])
    return np.stack(outputs)


def score(case: Case, outputs: np.ndarray, test: np.ndarray, labels: np.ndarray | None) -> float:
    """Share of right answers in percent; for an autoencoder the negative error."""
    if labels is None:
        return -float(np.mean((outputs - test) ** 2))
    return float(np.mean(outputs.argmax(1) == labels)) * 100


def float_tensors(file: Path) -> list[str]:
    """Computed tensors of floats, but the model's own inputs and outputs."""
    graph = tflite_models.read(file).subgraphs[0]
    border = {int(index) for index in [*graph.inputs, *graph.outputs]}
    computed = {int(index) for operator in graph.operators for index in operator.outputs} - border
    return [graph.tensors[index].name.decode() for index in sorted(computed)
            if graph.tensors[index].type == schema.TensorType.FLOAT32]


def int8(case: Case, checks: Checks) -> None:
    """Accuracy in LiteRT as it runs by default, beside the vendor's file and the float model."""
    source = shared_models() / case.file
    folder = WORK / "tflite_quantize" / case.name
    folder.mkdir(parents=True, exist_ok=True)
    calibration, test, labels = case.data(source.parent)
    np.save(folder / "calibration.npy", calibration)
    out = folder / "int8.tflite"
    command.quantize(source, folder / "calibration.npy", out, "--target", "tflite")
    left = float_tensors(out)
    # An input that comes in another order than the first op's is transposed before it is quantized.
    checks.check(not left, f"{case.name}: float tensors {left[:4]}")
    files = {"float": source, "ours": out}
    if case.vendor:
        files["vendor"] = source.parent / case.vendor
    scores = {name: score(case, run_all(litert.Model(file), test), test, labels) for name, file in files.items()}
    print(f"{case.name:10} " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items()), flush=True)
    if case.vendor and (case.is_labelled or labels is None):
        checks.check(scores["ours"] >= scores["vendor"], f"{case.name}: less accurate than the vendor's")
    if case.max_loss is not None:
        checks.check(scores["ours"] >= scores["float"] - case.max_loss - 1e-9, f"{case.name}: loses {scores['float'] - scores['ours']:.2f}")


def modes(case: Case, checks: Checks) -> None:
    """16x8, and integers at the border: the types asked for, and none of floats inside."""
    source = shared_models() / case.file
    folder = WORK / "tflite_quantize" / case.name
    calibration, test, _ = case.data(source.parent)
    np.save(folder / "calibration.npy", calibration)
    rows = test[:32]
    exact = run_all(litert.Model(source), rows)
    noise = {}
    for target in ("tflite", "tflite-int16x8"):
        for io in ("float", "int16" if target.endswith("x8") else "int8", "uint8"):
            if io == "uint8" and target.endswith("x8"):
                continue
            out = folder / f"{target}_{io}.tflite"
            command.quantize(source, folder / "calibration.npy", out, "--target", target, "--io-type", io)
            model = litert.Model(out)
            kinds = {model.inputs[0]["dtype"].__name__, model.outputs[0]["dtype"].__name__}
            wanted = {"float": "float32"}.get(io, io)
            checks.check(kinds == {wanted}, f"{case.name} {target}: {kinds} at the border, not {wanted}")
            left = float_tensors(out)
            checks.check(not left, f"{case.name} {target} {io}: float tensors {left[:4]}")
            noise[target, io] = sqnr([exact], [run_all(model, rows)])
    print(f"{case.name:10} " + ", ".join(f"{target} {io} {value:.1f} dB" for (target, io), value in noise.items()), flush=True)


def oracle(case: Case, checks: Checks) -> None:
    """Types, scales, zero points and weights are those of the quantizer inside LiteRT's wheel on the same samples."""
    source = shared_models() / case.file
    if has_integers(source):
        return  # LiteRT's quantizer refuses models with integer weights
    folder = WORK / "tflite_quantize" / case.name
    calibration, _, _ = case.data(source.parent)
    rows = calibration[:N_ORACLE]
    np.save(folder / "oracle.npy", rows)
    float_model = source.read_bytes()
    for target, storage, bias in (("tflite", np.int8, np.int32), ("tflite-int16x8", np.int16, np.int64)):
        wrapper = CalibrationWrapper(float_model, [], [])  # does not copy the model
        wrapper.Prepare([[1, *rows.shape[1:]]])
        for row in rows:
            wrapper.FeedTensor([row[None]])
        kind = np.dtype(storage).num
        theirs = schema.ModelT.InitFromPackedBuf(bytes(wrapper.QuantizeModel(kind, kind, False, kind, np.dtype(bias).num, False, False)), 0)
        out = folder / f"oracle_{target}.tflite"
        io = np.dtype(storage).name
        command.quantize(source, folder / "oracle.npy", out, "--target", target, "--io-type", io, "--calibration", "minmax")
        compare(f"{case.name} {target}", theirs, tflite_models.read(out), checks)
        other = folder / f"litert_{target}.tflite"
        tflite_models.write(theirs, other)
        exact = run_all(litert.Model(source), rows)
        ours, litert_s = (sqnr([exact], [run_all(litert.Model(file), rows)]) for file in (out, other))
        checks.check(ours >= litert_s - ORACLE_SQNR, f"{case.name} {target}: {ours:.1f} dB, LiteRT's quantizer {litert_s:.1f} dB")
        print(f"{case.name} {target}: {ours:.1f} dB, LiteRT's quantizer {litert_s:.1f} dB", flush=True)


def operators(model: schema.ModelT) -> list[tuple[str, list, list]]:
    """Kind, inputs and outputs of the operators that compute; reshapes may be spelled in other ways."""
    graph = model.subgraphs[0]
    tensor = lambda index: graph.tensors[index] if index >= 0 else None  # noqa: E731
    found = []
    for operator in graph.operators:
        name = tflite_models.kind(model, operator)
        if name not in {"RESHAPE", "SHAPE", "PACK", "STRIDED_SLICE", "QUANTIZE", "TRANSPOSE"}:
            found.append((name, [tensor(i) for i in operator.inputs], [tensor(i) for i in operator.outputs]))
    return found


def content(model: schema.ModelT, tensor: schema.TensorT) -> bytes:
    data = model.buffers[tensor.buffer].data
    return b"" if data is None else bytes(data)


def compare(what: str, theirs: schema.ModelT, ours: schema.ModelT, checks: Checks) -> None:
    a, b = operators(theirs), operators(ours)
    same_ops = [name for name, _, _ in a] == [name for name, _, _ in b]
    if not checks.check(same_ops, f"{what}: operators {Counter(n for n, _, _ in a)} and {Counter(n for n, _, _ in b)}"):
        return
    n_equal = Counter()
    # ADD computes in the place of its first input, and LiteRT's calibrator looks at that input only afterwards: its range
    # is then the wider one of input and output. What comes out of another op there is not compared.
    overwritten = {x.name for name, inputs, _ in a if name == "ADD" for x in inputs}
    for (name, a_in, a_out), (_, b_in, b_out) in zip(a, b, strict=True):
        for x, y in zip([*a_in, *a_out], [*b_in, *b_out], strict=True):
            if x is None or x.name in overwritten or y is None or x.quantization is None or x.quantization.scale is None:
                continue
            checks.check(x.type == y.type, f"{what} {name}: types {x.type} and {y.type}")
            scales = np.array(x.quantization.scale), np.array(y.quantization.scale)
            off = np.max(np.abs(scales[1] / scales[0] - 1)) if scales[0].shape == scales[1].shape else np.inf
            checks.check(off <= SCALE_TOLERANCE, f"{what} {name}: scales off by {off:.1e}")
            zero = np.array_equal(x.quantization.zeroPoint, y.quantization.zeroPoint)
            checks.check(zero, f"{what} {name}: zero points {x.quantization.zeroPoint} and {y.quantization.zeroPoint}")
            if (constant := content(theirs, x)) and x.type == schema.TensorType.INT8:
                a_int, b_int = (np.frombuffer(data, np.int8).astype(int) for data in (constant, content(ours, y)))
                off = np.abs(a_int - b_int)
                checks.check(off.max() <= 1 and off.mean() <= WEIGHT_SHARE, f"{what} {name}: {off.sum()} steps between weights")
            n_equal[name] += 1
    print(f"{what:24} parameters of {sum(n_equal.values())} tensors as LiteRT's quantizer gives", flush=True)


def has_integers(source: Path) -> bool:
    return any(t.type == schema.TensorType.INT8 for t in tflite_models.read(source).subgraphs[0].tensors)


# Largest share of the float file, and least signal to noise, dB.
WEIGHT_MODES = {
    "dynamic": (0.5, 15.0),
    "weight-only": (0.5, 25.0),
    "float16": (0.62, 45.0),
    # resnet8 keeps little of itself in 4 bits with one scale an output, whoever rounds it.
    "dynamic --bits 4": (0.45, 3.0),
    "weight-only --bits 4": (0.45, 3.0),
}


def weight_modes(case: Case, checks: Checks) -> None:
    """Weights in fewer bits: the sizes, and outputs near the float model's."""
    source = shared_models() / case.file
    if source.stat().st_size < SMALLEST or has_integers(source):
        return
    folder = WORK / "tflite_quantize" / case.name
    _, test, _ = case.data(source.parent)
    rows = test[:32]
    exact = run_all(litert.Model(source), rows)
    found = []
    for mode, (most, least_noise) in WEIGHT_MODES.items():
        out = folder / f"{mode.replace(' ', '_')}.tflite"
        out.unlink(missing_ok=True)
        command.call("quantize", source, "--target", "tflite", "--mode", *mode.split(), "-o", out)
        share = out.stat().st_size / source.stat().st_size
        noise = sqnr([exact], [run_all(litert.Model(out, litert.REFERENCE), rows)])
        checks.check(share <= most, f"{case.name} {mode}: {share:.2f} of the size")
        checks.check(noise >= least_noise, f"{case.name} {mode}: {noise:.1f} dB")
        found.append(f"{mode} {share:.2f} of the size, {noise:.1f} dB")
    print(f"{case.name:10} " + "; ".join(found), flush=True)


def from_quantized_onnx(name: str, n_border: int, checks: Checks) -> None:
    """A quantized ONNX as TFLite: integers throughout, the same parameters, outputs near onnxruntime's."""
    source = shared_models() / name
    folder = WORK / "tflite_quantize" / source.stem
    folder.mkdir(parents=True, exist_ok=True)
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    fixed = [48, 192] if "ppocr" in name else []
    shape = [size if isinstance(size, int) else None for size in session.get_inputs()[0].shape]
    shape = [1, *(size or fixed[i - 1] for i, size in enumerate(shape[1:], 0))]
    rows = np.random.default_rng(7).standard_normal((16, *shape[1:])).astype(np.float32)
    rows = rows * 60 + 120 if "resnet8" in name else rows
    np.save(folder / "calibration.npy", rows)
    quantized, out = folder / "quantized.onnx", folder / "quantized.tflite"
    command.quantize(source, folder / "calibration.npy", quantized, "--target", "tflite")
    command.convert(quantized, out)
    model = tflite_models.read(out)
    products = [(kind, outputs[0].type) for kind, _, outputs in operators(model) if kind in PRODUCTS]
    in_float = [kind for kind, of in products if of != schema.TensorType.INT8]
    checks.check(not in_float, f"{name}: in float: {in_float}")
    counts = litert.op_counts(out)
    checks.check(counts["TRANSPOSE"] <= n_border, f"{name}: {counts['TRANSPOSE']} transposes")
    left = float_tensors(out)
    checks.check(len(left) <= n_border, f"{name}: float tensors {left[:4]}")
    session = onnxruntime.InferenceSession(str(quantized), providers=["CPUExecutionProvider"])
    interpreter = litert.Model(out)
    interpreter.interpreter.resize_tensor_input(interpreter.inputs[0]["index"], shape)
    interpreter.interpreter.allocate_tensors()
    theirs = np.stack([session.run(None, {session.get_inputs()[0].name: row[None]})[0] for row in rows])
    ours = np.stack([interpreter.run([row[None]])[0] for row in rows])
    last = next(op for op in model.subgraphs[0].operators if op.outputs[0] == model.subgraphs[0].outputs[0])
    scale = model.subgraphs[0].tensors[last.inputs[0]].quantization.scale[0]
    steps = np.abs(np.round((theirs - ours) / scale))
    noise = sqnr([theirs], [ours])
    print(f"{source.stem:30} {len(products)} products in integers, {np.mean(steps == 0):.1%} of the outputs equal, "
          f"others up to {int(steps.max())} steps off, {noise:.1f} dB", flush=True)
    checks.check(noise >= QDQ_SQNR, f"{name}: {noise:.1f} dB from onnxruntime")


def recurrent(name: str, checks: Checks) -> None:
    """Recurrent layers of Keras in integers: bodies of loops are quantized like all else, and fused layers become one operator."""
    file = shared_models().parent / "tflite_samples" / "tflite" / f"{name}.f32.tflite"
    if not file.exists():
        checks.skip(name, f"there is no {file}")
        return
    folder = WORK / "tflite_quantize" / name
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.random.default_rng(3).normal(size=(384, 12, 6)).astype(np.float32)
    np.save(folder / "calibration.npy", rows[:256])
    out = folder / "int8.tflite"
    report = command.quantize(file, folder / "calibration.npy", out, "--target", "tflite")["report"]
    exact, model = run_all(litert.Model(file), rows[256:]), litert.Model(out, litert.REFERENCE)
    noise = sqnr([exact], [run_all(model, rows[256:])])
    checks.check(noise >= RECURRENT_SQNR, f"{name}: {noise:.1f} dB")
    n_products = sum(row["n_integer"] for row in report["ops"] if row["op"] in {"gemm", "mat_mul"})
    least = 1 if "tfk" in name else 2
    checks.check(n_products >= least, f"{name}: {n_products} products in integers")
    if "tfk" in name:
        kinds = litert.op_counts(out)
        allowed = {"UNIDIRECTIONAL_SEQUENCE_LSTM", "FULLY_CONNECTED", "QUANTIZE", "DEQUANTIZE"}
        checks.check(set(kinds) <= allowed, f"{name}: {dict(kinds)}")
        states = [tensor.type for tensor in tflite_models.read(out).subgraphs[0].tensors if tensor.isVariable]
        wanted = [tflite_models.TYPES[of][0] for of in ("i8", "i16")]
        checks.check(sorted(states) == sorted(wanted), f"{name}: states of types {states}")
    print(f"{name:16} {noise:.1f} dB, {report['n_integer']} ops in integers", flush=True)


def main() -> int:
    checks = Checks()
    for name in RECURRENT:
        checks.guard(name, lambda name=name: recurrent(name, checks))
    for name, n_border in NETS.items():
        if (shared_models() / name).exists():
            checks.guard(name, lambda name=name, n_border=n_border: from_quantized_onnx(name, n_border, checks))
        else:
            checks.skip(name, "there is no such file")
    for case in CASES:
        if not (shared_models() / case.file).exists():
            checks.skip(case.name, f"there is no {case.file}")
            continue
        checks.guard(f"int8 of {case.name}", lambda case=case: int8(case, checks))
        checks.guard(f"modes of {case.name}", lambda case=case: modes(case, checks))
        checks.guard(f"weight modes of {case.name}", lambda case=case: weight_modes(case, checks))
        checks.guard(f"parameters of {case.name}", lambda case=case: oracle(case, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
