"""Static int8 by ai-edge-quantizer: MODEL SAMPLES OUT. Prints the seconds without imports."""

import json
import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import quantizer, recipe


def main() -> int:
    model, samples, out = sys.argv[1:]
    begin = time.perf_counter()
    rows = np.load(samples)
    (name, signature), = Interpreter(model_path=model)._get_full_signature_list().items()  # noqa: SLF001 - the only way
    (input_name,) = signature["inputs"]
    work = quantizer.Quantizer(model, recipe.static_wi8_ai8())
    ranges = work.calibrate({name: [{input_name: row[None]} for row in rows]})
    Path(out).write_bytes(work.quantize(ranges, enable_progress_bar=False, enable_progress_report=False).quantized_model)
    print(json.dumps({"seconds": time.perf_counter() - begin}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
