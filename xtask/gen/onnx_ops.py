"""Prints a Rust table of the default-domain operators of ONNX and of what each of their versions accepts.

Run by `cargo xtask gen`; the result is `crates/qdq-schema/src/onnx_ops.rs`.
"""

import onnx
from onnx.defs import OpSchema

PREFIX = "tensor("
NOT_A_TENSOR = 63

DTYPES = {
    name.lower(): number for name, number in onnx.TensorProto.DataType.items() if name != "UNDEFINED"
}


def type_mask(types):
    """One bit per `TensorProto.DataType` number; bit 63 for sequences, optionals and maps."""
    mask = 0
    for text in types:
        inner = text.removeprefix(PREFIX).removesuffix(")")
        mask |= 1 << (DTYPES[inner] if text.startswith(PREFIX) else NOT_A_TENSOR)
    return mask


def arity(parameter):
    return {
        OpSchema.FormalParameterOption.Single: "Single",
        OpSchema.FormalParameterOption.Optional: "Optional",
        OpSchema.FormalParameterOption.Variadic: "Variadic",
    }[parameter.option]


def parameters(schema, which):
    return [(p.name, arity(p), type_mask(p.types)) for p in getattr(schema, which)]


# Versions with an unchanged signature, or a merely extended one, that mean something else.
CHANGED_MEANING = {
    ("GroupNormalization", 21),  # scale and bias are of channels, no longer of groups
    ("RoiAlign", 16),  # half pixels by default
    ("Split", 18),  # equal parts need num_outputs
}


def attributes(schema):
    return {
        a.name: (a.required, int(a.type), a.default_value.SerializeToString(deterministic=True))
        for a in schema.attributes.values()
    }


def extends(new, old):
    """Whether a node written for `old` means the same under `new`: only optional things were added, at the end.

    Names of inputs were corrected now and then, so only their number counts; types are checked on their own.
    """
    if new.deprecated or old.deprecated or (new.name, new.since_version) in CHANGED_MEANING:
        return False
    new_attributes, old_attributes = attributes(new), attributes(old)
    if any(new_attributes.get(name) != value for name, value in old_attributes.items()):
        return False
    if any(value[0] for name, value in new_attributes.items() if name not in old_attributes):
        return False
    for which in ("inputs", "outputs"):
        before, after = ([arity for _, arity, _ in parameters(s, which)] for s in (old, new))
        if len(after) < len(before) or "Single" in after[len(before) :]:
            return False
        if any(b != a and a == "Single" for b, a in zip(before, after)):
            return False
    return True


def rust_parameters(entries):
    inner = ", ".join(f"{kind.lower()}(0x{mask:x})" for _, kind, mask in entries)
    return f"&[{inner}]"


def rust_attributes(schema):
    names = sorted((a.name, a.required) for a in schema.attributes.values())
    inner = ", ".join(f'("{name}", {"true" if required else "false"})' for name, required in names)
    return f"&[{inner}]"


def main():
    ops = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "":
            ops.setdefault(schema.name, []).append(schema)

    print("//! The operators of ONNX's default domain, and what each of their versions accepts.")
    print("//!")
    print(f"//! @generated from the schemas in the Python wheel `onnx` {onnx.__version__} by `cargo xtask gen`;")
    print("//! do not edit.")
    print("#![allow(clippy::pedantic, reason = \"generated\")]")
    print("use crate::{Arity, OpHistory, OpVersion, Parameter};")
    print()
    print("/// The newest version of the default operator set described here.")
    print(f"pub const NEWEST_OPSET: i64 = {onnx.defs.onnx_opset_version()};")
    print()
    for kind in ("Single", "Optional", "Variadic"):
        print(f"const fn {kind.lower()}(types: u64) -> Parameter {{ Parameter {{ arity: Arity::{kind}, types }} }}")
    print()
    print("/// Every operator of the default domain, sorted by name.")
    print("#[rustfmt::skip]")
    print("pub static OPS: &[OpHistory] = &[")
    for name, schemas in sorted(ops.items()):
        schemas.sort(key=lambda s: s.since_version)
        print(f'    OpHistory {{ name: "{name}", versions: &[')
        form, previous = -1, None
        for schema in schemas:
            if previous is None or not extends(schema, previous):
                form += 1
            previous = schema
            print(
                f"        OpVersion {{ since: {schema.since_version}, form: {form}, "
                f"deprecated: {'true' if schema.deprecated else 'false'}, "
                f"inputs: {rust_parameters(parameters(schema, 'inputs'))}, "
                f"outputs: {rust_parameters(parameters(schema, 'outputs'))}, "
                f"attributes: {rust_attributes(schema)} }},"
            )
        print("    ] },")
    print("];")


main()
