"""The types that requests derive from, and the conversion of answers."""

from __future__ import annotations

import functools
import typing
from typing import Any, ClassVar, Generic, TypeVar

from engine.errors import ProtocolError
from engine.typed_json import WrongType, typed

A = TypeVar("A")
"""of the answer, or of the parts of a stream"""


class Request(Generic[A]):
    """A request that has one answer. METHOD is `group.name`, the fields are its parameters."""

    METHOD: ClassVar[str]


class StreamRequest(Generic[A]):
    """A request whose answer comes in parts."""

    METHOD: ClassVar[str]


def read_answer(request: Request[A] | StreamRequest[A], answer: object) -> A:
    """Convert the JSON of an answer, or of a part of it. Raises ProtocolError."""
    kind: Any = type(request)
    try:
        read: A = typed(answer, _answer_kind(kind), strict=True)
    except WrongType as error:
        raise ProtocolError(f"The answer to {request.METHOD} cannot be read: {error}.") from error
    return read


@functools.cache
def _answer_kind(kind: Any) -> Any:
    """The A of a class declared as Request[A] or StreamRequest[A]."""
    return typing.get_args(kind.__orig_bases__[0])[0]
