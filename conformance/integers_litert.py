"""Whole int8 TFLite models under the profiles of LiteRT, every tensor, against the interpreter with the same kernels.

Every tensor that an operator computes becomes an output. What a profile does not promise, and what follows it, may differ;
the vendors' models are promised as a whole, so that not one integer may. Of the samples of other converters, none may that
are promised as a whole.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import OpResolverType

import command
import litert
import tflite
import tflite_models
from checks import Checks
from places import WORK, shared_models

PROFILES = {"litert-reference": OpResolverType.BUILTIN_REF,
            "litert-builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            "xnnpack": OpResolverType.BUILTIN}
N_FEEDS = 12

MODELS = {"01_resnet8_cifar10/pretrainedResnet_quant.tflite": None,
          "02_dscnn_kws/kws_ref_model.tflite": None,
          "03_mobilenetv1_vww/vww_96_int8.tflite": None,
          "04_autoencoder_ad/ad01_int8.tflite": None}


# Samples that are promised as a whole but for what `claims.rs` names as decided by options that the graph does not keep.
DECIDED_ELSEWHERE = {
    "cnn_seq.s16": "gemm of i16 without bias", "cnn_seq.s16_minmax": "gemm of i16 without bias",
    **dict.fromkeys(("qat_fn_qat.i8io", "qat_fn_qat.i8io_rep", "qat_fn_qat.noio"), "conv_transpose into a computed shape"),
}
N_SAMPLE_FEEDS = 3


def run(file: Path, profile: str, feeds: list[litert.Feed], names: list[str]) -> tuple[list[dict[str, np.ndarray]], dict]:
    """`qdq run --profile` on feeds of one shape; its report."""
    folder = file.parent / "feeds"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.npz"):
        old.unlink()
    for index, feed in enumerate(feeds):
        np.savez(folder / f"{index:03}.npz", **dict(zip(names, feed, strict=True)))
    out = file.parent / "outputs.npz"
    out.unlink(missing_ok=True)
    report = json.loads(command.call("run", file, "--data", folder, "-o", out, "--profile", profile, "--json"))
    with np.load(out) as arrays:
        together = {name: arrays[name] for name in arrays.files}
    return [{name: array[index] for name, array in together.items()} for index in range(len(feeds))], report


def differences(file: Path, profile: str, n_feeds: int) -> tuple[dict[str, int], int, list[dict]]:
    """How many elements of each tensor differ, how many there are in all, and what is not promised."""
    model = litert.Model(file, PROFILES[profile])
    feeds = litert.random_feeds(model, n_feeds)
    ours, report = run(file, profile, feeds, [details["name"] for details in model.inputs])
    differing: dict[str, int] = {}
    n_elements = 0
    for feed, mine in zip(feeds, ours, strict=True):
        for details, theirs in zip(model.outputs, model.run(feed), strict=True):
            name = details["name"]
            differs = int(np.count_nonzero(mine[name].reshape(theirs.shape) != theirs))
            differing[name] = differing.get(name, 0) + differs
            n_elements += theirs.size
    return {name: n for name, n in differing.items() if n}, n_elements, report["exactness"]["coverage"]["not_promised"]


def compare(file: Path, profile: str, checks: Checks, n_feeds: int = N_FEEDS) -> int:
    """How many integers were compared."""
    bad, n_elements, refused = differences(file, profile, n_feeds)
    checks.check(not refused, f"{file.name} {profile}: not promised: {refused[:3]}")
    checks.check(not bad, f"{file.name} {profile}: {sum(bad.values())} of {n_elements} differ, first {list(bad.items())[:4]}")
    print(f"{file.name:34} {profile:18} {sum(bad.values())} of {n_elements} integers differ, {len(refused)} ops refused", flush=True)
    return n_elements


def sample(file: Path, folder: Path, checks: Checks) -> str:
    """What became of a sample under each profile: `equal`, `partly` promised, or `named` as an exception."""
    folder.mkdir(parents=True, exist_ok=True)
    exposed = folder / file.name
    tflite_models.expose(file, exposed)
    found = []
    for profile in PROFILES:
        bad, n_elements, refused = differences(exposed, profile, N_SAMPLE_FEEDS)
        if refused:
            found.append("partly")
        elif file.stem in DECIDED_ELSEWHERE and profile != "litert-reference":
            found.append("named")
        else:
            message = f"{file.name} {profile}: {sum(bad.values())} of {n_elements} differ, first {list(bad.items())[:4]}"
            checks.check(not bad, message)
            found.append("equal")
    return ", ".join(found)


def has_integers(file: Path) -> bool:
    kinds = {tflite_models.TYPES["i8"][0], tflite_models.TYPES["i16"][0]}
    return any(tensor.type in kinds for tensor in tflite_models.read(file).subgraphs[0].tensors)


def main() -> int:
    checks = Checks()
    becomes: Counter[str] = Counter()
    for file in tflite.samples():
        if tflite.refusal(file) is None and has_integers(file):
            folder = WORK / "integers_litert" / file.parent.name / file.stem
            checks.guard(f"sample {file.name}", lambda file=file, folder=folder: becomes.update([sample(file, folder, checks)]))
    for what, count in sorted(becomes.items()):
        print(f"{count:3} samples: {what} (litert-reference, litert-builtin, xnnpack)", flush=True)
    for name in MODELS:
        file = shared_models() / name
        if not file.exists():
            checks.skip(name, f"there is no {file}")
            continue
        folder = WORK / "integers_litert" / file.stem
        folder.mkdir(parents=True, exist_ok=True)
        exposed = folder / file.name
        tflite_models.expose(file, exposed)
        for profile in PROFILES:
            checks.guard(f"{name} {profile}", lambda exposed=exposed, profile=profile: compare(exposed, profile, checks))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
