"""Running TFLite models in LiteRT."""

from collections import Counter
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

Feed = list[np.ndarray]

REFERENCE = OpResolverType.BUILTIN_REF
DELEGATED = OpResolverType.AUTO


class Model:
    """A model in one interpreter; inputs and outputs by position."""

    def __init__(self, file: Path, resolver: OpResolverType = DELEGATED) -> None:
        self.interpreter = Interpreter(model_path=str(file), experimental_op_resolver_type=resolver, num_threads=1)
        self.interpreter.allocate_tensors()

    @property
    def inputs(self) -> list[dict]:
        return self.interpreter.get_input_details()

    @property
    def outputs(self) -> list[dict]:
        return self.interpreter.get_output_details()

    def run(self, feed: Feed) -> Feed:
        for details, array in zip(self.inputs, feed, strict=True):
            self.interpreter.set_tensor(details["index"], array)
        self.interpreter.reset_all_variables()
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(details["index"]) for details in self.outputs]


def random_feeds(model: Model, count: int) -> list[Feed]:
    """Numbers between -1 and 1 for floats, the whole range for quantized inputs, 0 and 1 for other integers."""
    random = np.random.default_rng(5)

    def one(details: dict) -> np.ndarray:
        shape, dtype = details["shape"], details["dtype"]
        if np.issubdtype(dtype, np.floating):
            return (2 * random.random(shape, dtype=np.float32) - 1).astype(dtype)
        if details["quantization_parameters"]["scales"].size and np.issubdtype(dtype, np.integer):
            info = np.iinfo(dtype)
            return random.integers(info.min, info.max, shape, dtype, endpoint=True)
        return random.integers(0, 2, shape).astype(dtype)

    return [[one(details) for details in model.inputs] for _ in range(count)]


def real(details: dict, array: np.ndarray) -> np.ndarray:
    """The real numbers of an output."""
    scale, zero_point = details["quantization"]
    return array if scale == 0 else (array.astype(np.float64) - zero_point) * scale


def op_counts(file: Path) -> Counter[str]:
    """How many operators of each kind; without those that a delegate stands for."""
    interpreter = Interpreter(model_path=str(file), experimental_op_resolver_type=REFERENCE)
    return Counter(op["op_name"] for op in interpreter._get_ops_details())  # noqa: SLF001 - there is no other way
