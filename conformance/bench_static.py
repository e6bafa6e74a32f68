"""One run of onnxruntime's own static quantization: MODEL DATA.npz METHOD OUT."""

import json
import resource
import sys
import zipfile
from collections.abc import Iterator

import numpy as np
from onnxruntime.quantization import (CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static)

IMPORTS = resource.getrusage(resource.RUSAGE_SELF).ru_utime


def rows(path: str) -> Iterator[dict[str, np.ndarray]]:
    """Samples of the one array of an .npz, read one at a time: holding them all would count as the tool's memory."""
    with zipfile.ZipFile(path) as archive:
        name = archive.namelist()[0]
        with archive.open(name) as array:
            np.lib.format.read_magic(array)
            shape, _, dtype = np.lib.format.read_array_header_1_0(array)
            n_bytes = dtype.itemsize * int(np.prod(shape[1:]))
            for _ in range(shape[0]):
                yield {name.removesuffix(".npy"): np.frombuffer(array.read(n_bytes), dtype).reshape(1, *shape[1:])}


class Reader(CalibrationDataReader):
    """Hands over one sample at a time."""

    def __init__(self, path: str) -> None:
        self.rows = rows(path)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.rows, None)


def main() -> int:
    model, data, method, out = sys.argv[1:]
    quantize_static(model, out, Reader(data), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                    calibrate_method=CalibrationMethod[method])
    print(json.dumps({"imports": IMPORTS}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
