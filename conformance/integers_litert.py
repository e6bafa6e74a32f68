"""Whole int8 TFLite models under the profiles of LiteRT, every tensor, against the interpreter with the same kernels.

Every tensor that an operator computes becomes an output. What a profile does not promise, and what follows it, may differ;
the models here are promised as a whole, so that not one integer may.
"""

import json
import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import OpResolverType

import command
import litert
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


def compare(file: Path, profile: str, checks: Checks, n_feeds: int = N_FEEDS) -> int:
    """How many integers were compared."""
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
    bad = {name: count for name, count in differing.items() if count}
    refused = report["exactness"]["coverage"]["not_promised"]
    checks.check(not refused, f"{file.name} {profile}: not promised: {refused[:3]}")
    checks.check(not bad, f"{file.name} {profile}: {sum(bad.values())} of {n_elements} differ, first {list(bad.items())[:4]}")
    print(f"{file.name:34} {profile:18} {sum(bad.values())} of {n_elements} integers differ, {len(refused)} ops refused", flush=True)
    return n_elements


def main() -> int:
    checks = Checks()
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
