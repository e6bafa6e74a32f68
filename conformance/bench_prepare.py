"""Makes what the benchmark reads, and prints where it is: one JSON list on the last line."""

import json
import sys
from pathlib import Path

import numpy as np
from onnxruntime.quantization.shape_inference import quant_pre_process

import models
from models import Model

SUBJECTS = ("fashion", "efficientnet-lite0")


def split(folder: Path, name: str, n_samples: int) -> str:
    """The first test samples, without labels."""
    with np.load(folder / "test.npz") as arrays:
        models.write_rows(folder, name, **{key: arrays[key][:n_samples] for key in arrays.files if key != "labels"})
    return str(folder / f"{name}.npz")


def describe(model: Model) -> dict[str, str]:
    folder = model.prepared()
    found = {"name": model.name, "path": str(model.path), "sample": str(models.data(folder, "sample")),
             "calibration": str(models.data(folder, "calibration"))}
    if model.name in SUBJECTS:
        preprocessed = folder / "preprocessed.onnx"
        if not preprocessed.exists():
            quant_pre_process(str(model.path), str(preprocessed), skip_symbolic_shape=True)
        found |= {"preprocessed": str(preprocessed), "few": split(folder, "few", 20), "many": split(folder, "many", 200)}
    return found


def main() -> int:
    print(json.dumps([describe(model) for model in models.MODELS if not model.missing]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
