"""Prints Rust constants for the TFLite flatbuffer interface, read out of the `ai-edge-litert` wheel's Python schema.

Run by `cargo xtask gen`; the result is `crates/qdq-schema/src/tflite.rs`.
"""

import importlib.metadata
import inspect
import re

from ai_edge_litert import schema_py_generated as schema

SCALARS = {
    "Bool": "bool",
    "Int8": "i8",
    "Uint8": "u8",
    "Int16": "i16",
    "Uint16": "u16",
    "Int32": "i32",
    "Uint32": "u32",
    "Int64": "i64",
    "Uint64": "u64",
    "Float32": "f32",
    "Float64": "f64",
}
WIDTHS = {"bool": 1, "i8": 1, "u8": 1, "i16": 2, "u16": 2, "i32": 4, "u32": 4, "f32": 4, "i64": 8, "u64": 8, "f64": 8}

# Enumerations whose values the formats use by name.
ENUMS = ["ActivationFunctionType", "BuiltinOperator", "BuiltinOptions", "MirrorPadMode", "Padding", "TensorType"]

# Unions, and the field that each one stands in.
UNIONS = ["BuiltinOptions", "BuiltinOptions2", "QuantizationDetails", "SparseIndexVector"]


def snake(name):
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return name.lower()


def constants(cls):
    """Names and values of an enumeration."""
    items = [(name, value) for name, value in vars(cls).items() if not name.startswith("_")]
    return sorted(items, key=lambda item: item[1])


def tables():
    classes = inspect.getmembers(schema, inspect.isclass)
    found = [(name, cls) for name, cls in classes if hasattr(cls, "GetRootAs")]
    return sorted(found, key=lambda item: item[1].__module__ + item[0])


def union_of(table, field):
    """The union that a field of this name stands for."""
    if field == "Details":
        return "QuantizationDetails"
    return field if field in UNIONS else "SparseIndexVector"


def fields(cls):
    """Slot, name, kind, element type or table, and default of each field of a table."""
    out = []
    for name, method in vars(cls).items():
        if not inspect.isfunction(method) or name.startswith("_") or name == "Init":
            continue
        source = inspect.getsource(method)
        offset = re.search(r"_tab\.Offset\((\d+)\)", source)
        if not offset or name.endswith(("AsNumpy", "Length", "IsNone")):
            continue
        slot = (int(offset[1]) - 4) // 2
        flags = re.search(r"_tab\.Get\(flatbuffers\.number_types\.(\w+?)Flags", source)
        table = re.search(r"obj = (\w+)\(\)|x = (\w+)\(\)", source)
        is_vector = "_tab.Vector(o)" in source
        if "_tab.Union(" in source:
            out.append((slot, name, "union", union_of(cls, name), None))
        elif "_tab.String(" in source:
            out.append((slot, name, "texts" if is_vector else "text", None, None))
        elif flags:
            rust = SCALARS[flags[1]]
            default = re.findall(r"return (\S+)\s*$", source)[-1]
            out.append((slot, name, "vector" if is_vector else "scalar", rust, default))
        elif table:
            out.append((slot, name, "tables" if is_vector else "table", table[1] or table[2], None))
        else:
            raise SystemExit(f"{cls.__name__}.{name} is of no known kind:\n{source}")
    return sorted(out)


def default_of(rust, text):
    if rust == "bool":
        return "true" if text in ("True", "1") else "false"
    if rust in ("f32", "f64"):
        return repr(float(text))
    return text


def declaration(slot, name, kind, inner, default):
    """The constant of one field, and its kind for copying whole tables."""
    if kind == "scalar":
        yield f"    pub const {name}: Scalar<{inner}> = Scalar::new({slot}, {default_of(inner, default)});"
    elif kind == "vector":
        yield f"    pub const {name}: Vector<{inner}> = Vector::new({slot});"
    else:
        rust = {"text": "Text", "texts": "Texts", "table": "Child", "tables": "Children", "union": "Child"}[kind]
        yield f"    pub const {name}: {rust} = {rust}({slot});"


def kind_of(kind, inner):
    if kind == "scalar":
        return f"Kind::Scalar({WIDTHS[inner]})"
    if kind == "vector":
        return f"Kind::Vector({WIDTHS[inner]})"
    return {
        "text": "Kind::Text",
        "texts": "Kind::Texts",
        "table": f"Kind::Table(super::{snake(inner or '')}::KINDS)",
        "tables": f"Kind::Tables(super::{snake(inner or '')}::KINDS)",
        "union": f"Kind::Union(super::{snake(inner or '').upper()}_KINDS)",
    }[kind]


def table(name, cls):
    parts = fields(cls)
    yield ""
    yield f"/// Fields of the table `{name}`."
    yield f"pub mod {snake(name)} {{"
    yield "    use crate::flatbuffer::*;"
    kinds = {}
    for slot, field, kind, inner, default in parts:
        constant = snake(field).upper()
        yield from declaration(slot, constant, kind, inner, default)
        kinds[slot] = kind_of(kind, inner)
    listed = ", ".join(kinds.get(slot, "Kind::Unknown") for slot in range(max(kinds, default=-1) + 1))
    yield f"    pub const KINDS: &[Kind] = &[{listed}];"
    yield "}"


def enum(name):
    yield ""
    yield f"/// Values of the enumeration `{name}`."
    yield f"pub mod {snake(name)} {{"
    rust = "i32" if name == "BuiltinOperator" else "u8" if name in UNIONS else "i8"
    for constant, value in constants(getattr(schema, name)):
        upper = constant if constant.isupper() else snake(constant).upper()
        yield f"    pub const {upper}: {rust} = {value};"
    yield "}"


def union(name):
    yield ""
    yield f"/// Tables of the union `{name}`, by its tag."
    members = [constant for constant, _ in constants(getattr(schema, name))]
    listed = ", ".join("&[]" if member == "NONE" else f"{snake(member)}::KINDS" for member in members)
    yield f"pub const {snake(name).upper()}_KINDS: &[&[Kind]] = &[{listed}];"


def main():
    version = importlib.metadata.version("ai-edge-litert")
    print("//! The TFLite flatbuffer interface: where each field of each table lies.")
    print("//!")
    print("//! Names are those of `schema.fbs`, where their meaning is told:")
    print("//! <https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs>.")
    print("//!")
    print(f"//! @generated from the Python schema in the wheel `ai-edge-litert` {version} by `cargo xtask gen`;")
    print("//! do not edit.")
    print('#![allow(missing_docs, unused_imports, clippy::pedantic, reason = "generated")]')
    print("use crate::flatbuffer::Kind;")
    for name, cls in tables():
        for line in table(name, cls):
            print(line)
    for name in UNIONS:
        for line in union(name):
            print(line)
    for name in ENUMS:
        for line in enum(name):
            print(line)
    print()
    print("/// Names of the builtin operators, by code.")
    print("pub const OPERATOR_NAMES: &[(i32, &str)] = &[")
    for constant, value in constants(schema.BuiltinOperator):
        print(f'    ({value}, "{constant}"),')
    print("];")


main()
