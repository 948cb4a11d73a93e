"""Classes of protobuf's messages, from pages of field numbers.

A field is `number: "name kind"`; a kind is one of protobuf's or a message of the same page, `*` repeats it.
Text is read as bytes, so that bytes that are not UTF-8 do not make a record unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_LABELS = descriptor_pb2.FieldDescriptorProto


def message_classes(page: str, messages: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    package = f"dltui.readers.{page}"
    file = descriptor_pb2.FileDescriptorProto(name=f"dltui/readers/{page}", package=package, syntax="proto2")
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for number, field in fields.items():
            field_name, kind = field.split()
            _add_field(message, number, field_name, kind, f".{package}." if _bare(kind) in messages else "")
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in messages
    }


def _bare(kind: str) -> str:
    return kind.removeprefix("*")


def _add_field(
    message: descriptor_pb2.DescriptorProto, number: int, name: str, kind: str, package: str
) -> None:
    """`package` is empty for the kinds of protobuf."""
    bare = _bare(kind)
    label = _LABELS.LABEL_REPEATED if kind != bare else _LABELS.LABEL_OPTIONAL
    field = message.field.add(name=name, number=number, label=label)
    if package:
        field.type, field.type_name = _LABELS.TYPE_MESSAGE, package + bare
    else:
        field.type = _LABELS.Type.Value(f"TYPE_{bare.upper()}")
