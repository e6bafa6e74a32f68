"""Prints Rust structs for the ONNX protobuf interface, read out of the `onnx` wheel's descriptors.

Run by `cargo xtask gen`; the result is `crates/qdq-schema/src/onnx.rs`.
"""

from google.protobuf import descriptor_pb2
from onnx import onnx_ml_pb2

Field = descriptor_pb2.FieldDescriptorProto

SCALARS = {
    Field.TYPE_DOUBLE: ("double", "f64"),
    Field.TYPE_FLOAT: ("float", "f32"),
    Field.TYPE_INT32: ("int32", "i32"),
    Field.TYPE_INT64: ("int64", "i64"),
    Field.TYPE_UINT64: ("uint64", "u64"),
    Field.TYPE_STRING: ("string", "::prost::alloc::string::String"),
    Field.TYPE_BYTES: ('bytes = "bytes"', "::prost::bytes::Bytes"),
}
NUMERIC = {Field.TYPE_DOUBLE, Field.TYPE_FLOAT, Field.TYPE_INT32, Field.TYPE_INT64, Field.TYPE_UINT64}
KEYWORDS = {"type"}

# An attribute holds at most one of these; boxed, an attribute takes a fifth of the memory.
BOXED_IN = {"AttributeProto"}


def snake(name):
    out = ""
    for i, c in enumerate(name):
        if c.isupper() and i and not name[i - 1].isupper():
            out += "_"
        out += c.lower()
    return out


def camel(name):
    return "".join(part.capitalize() for part in name.strip("_").split("_"))


def rust_path(type_name, depth):
    """`.onnx.TypeProto.Tensor`, seen from `depth` modules down, is `type_proto::Tensor`."""
    parts = type_name.removeprefix(".onnx.").split(".")
    path = [snake(p) for p in parts[:-1]] + [parts[-1]]
    return "super::" * depth + "::".join(path)


class Generator:
    def __init__(self, file):
        self.file = file
        self.messages = {}
        self.index(file.message_type, ".onnx")

    def index(self, messages, prefix):
        for message in messages:
            name = f"{prefix}.{message.name}"
            self.messages[name] = message
            self.index(message.nested_type, name)

    def contains(self, outer, inner, seen=()):
        """Whether `outer` holds an `inner` by value, through singular fields."""
        for field in self.messages[outer].field:
            if field.type != Field.TYPE_MESSAGE or field.label == Field.LABEL_REPEATED:
                continue
            if field.type_name == inner:
                return True
            if field.type_name not in seen and self.contains(field.type_name, inner, (*seen, field.type_name)):
                return True
        return False

    def field_type(self, message_name, field, depth):
        """The prost attribute words and the Rust type of one value of the field."""
        if field.type == Field.TYPE_MESSAGE:
            path = rust_path(field.type_name, depth)
            singular = field.label != Field.LABEL_REPEATED
            recursive = field.type_name == message_name or self.contains(field.type_name, message_name)
            if singular and (recursive or message_name.removeprefix(".onnx.") in BOXED_IN):
                return ["message", "boxed"], f"::prost::alloc::boxed::Box<{path}>"
            return ["message"], path
        if field.type == Field.TYPE_ENUM:
            return [f'enumeration = "{rust_path(field.type_name, depth)}"'], "i32"
        word, rust = SCALARS[field.type]
        return [word], rust

    def field(self, message_name, field, depth, indent):
        words, rust = self.field_type(message_name, field, depth)
        if field.label == Field.LABEL_REPEATED:
            words.append("repeated")
            if field.type in NUMERIC and not field.options.packed:
                words.append('packed = "false"')
            rust = f"::prost::alloc::vec::Vec<{rust}>"
        else:
            assert field.label == Field.LABEL_OPTIONAL, "ONNX has no required fields"
            words.insert(1, "optional")
            rust = f"::core::option::Option<{rust}>"
        words.append(f'tag = "{field.number}"')
        name = f"r#{field.name}" if field.name in KEYWORDS else field.name
        yield f"{indent}/// `{field.name}`, field {field.number}."
        yield f"{indent}#[prost({', '.join(words)})]"
        yield f"{indent}pub {name}: {rust},"

    def oneof(self, message_name, message, index, depth, indent):
        """The enum of a `oneof`, placed in the message's module."""
        declaration = message.oneof_decl[index]
        yield f"{indent}/// What `{message.name}.{declaration.name}` can be."
        yield f"{indent}#[derive(Clone, PartialEq, ::prost::Oneof)]"
        yield f"{indent}pub enum {camel(declaration.name)} {{"
        for field in message.field:
            if field.HasField("oneof_index") and field.oneof_index == index:
                words, rust = self.field_type(message_name, field, depth + 1)
                words.append(f'tag = "{field.number}"')
                yield f"{indent}    /// `{field.name}`, field {field.number}."
                yield f"{indent}    #[prost({', '.join(words)})]"
                yield f"{indent}    {camel(field.name)}({rust}),"
        yield f"{indent}}}"

    def enum(self, enum, indent):
        yield f"{indent}/// Enumeration `{enum.name}`."
        yield f"{indent}#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]"
        yield f"{indent}#[repr(i32)]"
        yield f"{indent}pub enum {enum.name} {{"
        for value in enum.value:
            yield f"{indent}    /// `{value.name}`."
            yield f"{indent}    {camel(value.name)} = {value.number},"
        yield f"{indent}}}"

    def message(self, name, message, depth):
        indent = "    " * depth
        yield ""
        yield f"{indent}/// Message `{name.removeprefix('.')}`."
        yield f"{indent}#[derive(Clone, PartialEq, ::prost::Message)]"
        yield f"{indent}pub struct {message.name} {{"
        done = set()
        for field in message.field:
            if not field.HasField("oneof_index"):
                yield from self.field(name, field, depth, indent + "    ")
            elif field.oneof_index not in done:
                done.add(field.oneof_index)
                index = field.oneof_index
                tags = ", ".join(
                    str(f.number) for f in message.field if f.HasField("oneof_index") and f.oneof_index == index
                )
                declaration = message.oneof_decl[index].name
                path = f"{snake(message.name)}::{camel(declaration)}"
                yield f"{indent}    /// One of the fields {tags}."
                yield f'{indent}    #[prost(oneof = "{path}", tags = "{tags}")]'
                yield f"{indent}    pub {declaration}: ::core::option::Option<{path}>,"
        yield f"{indent}}}"
        if message.nested_type or message.enum_type or message.oneof_decl:
            yield f"{indent}/// Types inside [`{message.name}`]."
            yield f"{indent}pub mod {snake(message.name)} {{"
            for nested in message.nested_type:
                yield from self.message(f"{name}.{nested.name}", nested, depth + 1)
            for enum in message.enum_type:
                yield from self.enum(enum, indent + "    ")
            for index in range(len(message.oneof_decl)):
                yield from self.oneof(name, message, index, depth, indent + "    ")
            yield f"{indent}}}"

    def lines(self):
        for message in self.file.message_type:
            yield from self.message(f".onnx.{message.name}", message, 0)
        for enum in self.file.enum_type:
            yield ""
            yield from self.enum(enum, "")


def main():
    import onnx

    file = descriptor_pb2.FileDescriptorProto()
    onnx_ml_pb2.DESCRIPTOR.CopyToProto(file)
    print("//! The ONNX protobuf interface, one struct per message.")
    print("//!")
    print("//! Field names, numbers and types are those of `onnx.proto`, where their meaning is told:")
    print("//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>.")
    print("//! `bytes` fields are reference counted: decoding from [`bytes::Bytes`] copies no tensor data.")
    print("//!")
    print(f"//! @generated from the descriptors in the Python wheel `onnx` {onnx.__version__} by `cargo xtask gen`;")
    print("//! do not edit.")
    print("#![allow(clippy::pedantic, reason = \"generated\")]")
    for line in Generator(file).lines():
        print(line)


main()
