"""Makes the hostile files: each breaks one rule of its format. `crates/qdq/tests/hostile.rs` says what must be answered.

usage: python hostile/make.py    (needs onnx; the files are committed)
"""

import pathlib

import numpy as np
from onnx import AttributeProto, TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "onnx"
F = TensorProto.FLOAT


def value(name, dims=(2,), dtype=F):
    return helper.make_tensor_value_info(name, dtype, dims)


def model(nodes, inputs=("x",), outputs=("y",), initializers=(), opset=13, ir=8, **more):
    graph = helper.make_graph(
        nodes,
        "hostile",
        [i if not isinstance(i, str) else value(i) for i in inputs],
        [helper.make_empty_tensor_value_info(o) for o in outputs],
        initializers,
    )
    imports = [helper.make_opsetid("", opset)] if opset is not None else []
    return helper.make_model(graph, opset_imports=imports, ir_version=ir, **more)


def relu(x="x", y="y", name="relu"):
    return helper.make_node("Relu", [x], [y], name=name)


def add(a, b, y, name):
    return helper.make_node("Add", [a, b], [y], name=name)


def tensor(name="w", dims=(2,), dtype=F, **fields):
    proto = TensorProto(name=name, data_type=dtype, dims=dims)
    for key, field in fields.items():
        if isinstance(field, list):
            getattr(proto, key).extend(field)
        else:
            setattr(proto, key, field)
    return proto


def external(**entries):
    proto = tensor(data_location=TensorProto.EXTERNAL)
    for key, entry in entries.items():
        proto.external_data.add(key=key, value=entry)
    return proto


def with_weight(weight, **more):
    return model([add("x", "w", "y", "add")], initializers=[weight], **more)


def branch(*outputs):
    nodes = [helper.make_node("Identity", ["x"], [o]) for o in outputs]
    return helper.make_graph(nodes, "branch", [], [helper.make_empty_tensor_value_info(o) for o in outputs])


def nested_if(depth):
    graph = branch("leaf")
    for level in range(depth):
        node = helper.make_node("If", ["c"], [f"o{level}"], then_branch=graph, else_branch=branch("e"))
        graph = helper.make_graph([node], "b", [], [helper.make_empty_tensor_value_info(f"o{level}")])
    node = helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=branch("e"))
    return model([node], inputs=("x", value("c", (), TensorProto.BOOL)))


def function(name, nodes, inputs=("a",), outputs=("b",)):
    return helper.make_function("f", name, inputs, outputs, nodes, [helper.make_opsetid("", 13), helper.make_opsetid("f", 1)])


def call(name, x="a", y="b"):
    return helper.make_node(name, [x], [y], domain="f")


def with_functions(functions):
    made = model([helper.make_node("f0", ["x"], ["y"], domain="f", name="call")], functions=functions)
    made.opset_import.append(helper.make_opsetid("f", 1))
    return made


def doubling(levels):
    """Each function calls the next one twice."""
    functions = [
        function(f"f{i}", [call(f"f{i + 1}", "a", "t"), call(f"f{i + 1}", "t", "b")]) for i in range(levels)
    ]
    return with_functions([*functions, function(f"f{levels}", [relu("a", "b", "")])])


def wrong_type():
    made = model([helper.make_node("Softmax", ["x"], ["y"], name="softmax", axis=1)])
    attribute = made.graph.node[0].attribute[0]
    attribute.type = AttributeProto.FLOAT
    return made


def invalid_text():
    data = model([relu(name="reluuuu")]).SerializeToString()
    return data.replace(b"reluuuu", b"\xff\xfe\xfd\xfc\xfb\xfa\xf9")


def deep_messages(depth):
    """Graphs in attributes in nodes in graphs, deeper than any parser follows."""

    def wrap(tag, inner):
        length, size = bytearray(), len(inner)
        while size > 127:
            length.append(size & 127 | 128)
            size >>= 7
        return bytes([tag << 3 | 2]) + bytes([*length, size]) + inner

    inner = b""
    for _ in range(depth):
        inner = wrap(1, wrap(5, wrap(6, inner)))
    return wrap(7, inner)


def files():
    whole = with_weight(numpy_helper.from_array(np.arange(2, dtype=np.float32), "w")).SerializeToString()
    yield "empty", b""
    yield "garbage", bytes((i * 197 + 13) % 256 for i in range(500))
    yield "truncated", whole[: len(whole) - 20]
    yield "invalid_text", invalid_text()
    yield "deep_messages", deep_messages(2000)
    yield "too_old", model([relu()], opset=6)
    yield "too_new", model([relu()], opset=99)
    yield "no_opset", model([relu()], opset=None)
    yield "no_domain", model([helper.make_node("Sparkle", ["x"], ["y"], name="sparkle", domain="com.example")])
    yield "huge_dims", with_weight(tensor(dims=[1 << 40, 1 << 20], raw_data=b"\0" * 8))
    yield "overflowing_dims", with_weight(tensor(dims=[1 << 40, 1 << 40], raw_data=b"\0" * 8))
    yield "negative_dim", with_weight(tensor(dims=[-2], raw_data=b"\0" * 8))
    yield "negative_input_dim", model([relu()], inputs=(value("x", (-7,)),))
    yield "unknown_dtype", with_weight(tensor(dtype=77, raw_data=b"\0" * 8))
    yield "no_dtype", with_weight(tensor(dtype=0, raw_data=b"\0" * 8))
    yield "complex", with_weight(tensor(dtype=TensorProto.COMPLEX64, raw_data=b"\0" * 16))
    yield "short_raw_data", with_weight(tensor(raw_data=b"\0" * 7))
    yield "short_typed_data", with_weight(tensor(float_data=[1.0]))
    yield "missing_data", with_weight(tensor())
    yield "int8_out_of_range", with_weight(tensor(dtype=TensorProto.INT8, int32_data=[1, 300]))
    yield "external_outside", with_weight(external(location="../../../etc/passwd", length="8"))
    yield "external_absolute", with_weight(external(location="/etc/passwd", length="8"))
    yield "external_short", with_weight(external(location="short.bin", offset="4", length="8"))
    yield "external_wrong_length", with_weight(external(location="short.bin", length="4"))
    yield "external_offset", with_weight(external(location="short.bin", offset="18446744073709551615", length="8"))
    yield "external_nowhere", with_weight(external())
    yield "cycle", model([relu("b", "a", "first"), relu("a", "b", "second"), add("x", "b", "y", "after")])
    yield "self_cycle", model([add("x", "y", "y", "ouroboros")])
    yield "duplicate_output", model([relu("x", "y", "one"), relu("x", "y", "two")])
    yield "duplicate_input", model([relu()], inputs=("x", "x"))
    yield "duplicate_initializer", model([relu()], initializers=[tensor(raw_data=b"\0" * 8)] * 2)
    yield "undefined_input", model([add("x", "ghost", "y", "add")])
    yield "undefined_output", model([relu("x", "z")])
    yield "two_problems", model([add("x", "ghost", "y", "one"), add("x", "spirit", "z", "two")])
    yield "wrong_attribute_type", wrong_type()
    yield "unknown_attribute", model([helper.make_node("Relu", ["x"], ["y"], name="relu", slope=2)])
    yield "negative_stride", model(
        [helper.make_node("MaxPool", ["x"], ["y"], name="pool", kernel_shape=[2], strides=[-1])]
    )
    yield "no_kernel_shape", model([helper.make_node("MaxPool", ["x"], ["y"], name="pool")])
    yield "zero_group", model(
        [helper.make_node("Conv", ["x", "w"], ["y"], name="conv", group=0)],
        inputs=(value("x", (1, 2, 4)), value("w", (2, 2, 1))),
    )
    yield "if_without_else", model(
        [helper.make_node("If", ["c"], ["y"], name="if", then_branch=branch("t"))],
        inputs=("x", value("c", (), TensorProto.BOOL)),
    )
    yield "if_with_too_few_outputs", model(
        [helper.make_node("If", ["c"], ["y", "z"], name="if", then_branch=branch("t"), else_branch=branch("e"))],
        inputs=("x", value("c", (), TensorProto.BOOL)),
    )
    yield "nested_if", nested_if(28)
    yield "recursive_function", with_functions([function("f0", [call("f0")])])
    yield "exploding_functions", doubling(30)
    yield "function_of_old_opset", with_functions(
        [helper.make_function("f", "f0", ["a"], ["b"], [relu("a", "b", "")], [helper.make_opsetid("", 3)])]
    )
    yield "sequence_input", model(
        [relu()], inputs=(helper.make_tensor_sequence_value_info("x", F, None),)
    )


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, content in files():
        data = content if isinstance(content, bytes) else content.SerializeToString()
        (FOLDER / f"{name}.onnx").write_bytes(data)
    (FOLDER / "short.bin").write_bytes(b"12345678")


main()
