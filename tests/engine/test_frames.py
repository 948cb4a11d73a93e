"""Frames are decoded as they were encoded, however they are split; other bytes are refused."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import frames
from engine.errors import ProtocolError

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | text
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=9,
)  # fmt: skip
messages = st.dictionaries(text, values, max_size=4)


@given(st.lists(messages, min_size=1, max_size=5), st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_frames_are_decoded_as_encoded_however_they_are_split(
    sent: list[dict[str, object]], cuts: list[int]
) -> None:
    raw = b"".join(map(frames.encode, sent))

    async def receive() -> list[object]:
        reader = asyncio.StreamReader()
        at = 0
        for cut in cuts:
            reader.feed_data(raw[at : at + cut])
            at += cut
        reader.feed_data(raw[at:])
        reader.feed_eof()
        frames_read: list[object] = []
        while (message := await frames.read(reader)) is not None:
            frames_read.append(message)
        return frames_read

    assert asyncio.run(receive()) == sent


@given(st.binary(max_size=80))
def test_any_bytes_decode_or_raise_a_protocol_error(body: bytes) -> None:
    try:
        assert isinstance(frames.decode(body), dict)
    except ProtocolError as error:
        assert "\n" not in error.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "has to hold a JSON object, got list"),
        (b'{"a":1,"a":2}', "holds one key twice"),
        (b'{"b":{"a":1,"a":2}}', "holds one key twice"),
        (b'{"a":NaN}', "holds NaN"),
        (b'{"a":-Infinity}', "holds -Infinity"),
        (b'{"a":"\\ud800"}', "has to hold JSON"),
        (b'{"\\udfff":1}', "has to hold JSON"),
        (b'{"a":' + b"1" * 5000 + b"}", "has to hold JSON"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "nested deeper than 32"),
        (b"\xff\xfe", "has to hold JSON"),
        (b"", "has to hold JSON"),
    ],
)
def test_a_body_that_is_not_a_message_is_refused_with_the_reason(body: bytes, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        frames.decode(body)


def test_brackets_inside_strings_are_not_nesting() -> None:
    message = {"a": "[{" * 100 + '\\"' + "[" * 50, "b": [[1]]}
    assert frames.decode(json.dumps(message).encode()) == message


def test_a_frame_longer_than_the_limit_is_refused_before_it_is_read() -> None:
    async def receive() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data((1000).to_bytes(4, "big"))
        await frames.read(reader, limit=999)

    with pytest.raises(ProtocolError, match="A frame of 1000 bytes came, expected 999 at most"):
        asyncio.run(receive())


def test_an_end_in_the_middle_of_a_frame_is_an_end() -> None:
    async def receive() -> object:
        reader = asyncio.StreamReader()
        reader.feed_data(b"\0\0\0\x09half")
        reader.feed_eof()
        return await frames.read(reader)

    assert asyncio.run(receive()) is None


@given(st.lists(messages, max_size=4))
def test_items_that_are_json_already_make_the_same_frame(items: list[dict[str, object]]) -> None:
    raw = frames.encode_raw(b'"id":3,"events"', [json.dumps(item).encode() for item in items])
    assert int.from_bytes(raw[:4], "big") == len(raw) - 4
    assert json.loads(raw[4:]) == {"id": 3, "events": items}


def read_frames(*bodies: bytes) -> list[object]:
    """The messages that a client reads, with errors in place of frames that cannot be parsed."""

    async def receive() -> list[object]:
        reader = asyncio.StreamReader()
        for body in bodies:
            reader.feed_data(len(body).to_bytes(4, "big") + body)
        reader.feed_eof()
        frames_read: list[object] = []
        while True:
            try:
                message = await frames.read(reader, strict=False)
            except frames.BadFrame as error:
                frames_read.append(error.request)
                continue
            if message is None:
                return frames_read
            frames_read.append(message)

    return asyncio.run(receive())


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        (b'{"id":7,"runs":[{]}', None),
        (b'{"id":7,"run":{"a":}}', 7),
        (b'{"id":8,"a":' + b"[" * 100_000, 8),
        (b"[1]", None),
        (b"\xff\xfe", None),
    ],
)
def test_a_bad_frame_has_the_number_of_its_request_and_the_next_one_is_read(
    body: bytes, request_: int | None
) -> None:
    frames_read = read_frames(body, b'{"id":9}')
    assert frames_read[1] == {"id": 9}
    assert frames_read[0] == request_ or frames_read[0] == {"id": 7, "left_out": 1, "runs": []}


@given(st.lists(messages, min_size=2, max_size=6), st.data())
def test_of_a_frame_of_items_only_the_damaged_ones_are_left_out(
    items: list[dict[str, object]], data: st.DataObject
) -> None:
    damaged = data.draw(st.sets(st.integers(0, len(items) - 1), min_size=1))
    raw = [json.dumps(item).encode() for item in items]
    broken = [text[:-1] + b"!" if place in damaged else text for place, text in enumerate(raw)]
    body = frames.encode_raw(b'"id":3,"left_out":2,"events"', broken)[4:]
    kept = [item for place, item in enumerate(items) if place not in damaged]
    assert read_frames(body) == [{"id": 3, "left_out": 2 + len(damaged), "events": kept}]


def test_a_frame_has_to_end_within_the_timeout() -> None:
    async def receive() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"\0\0\0\x09half")
        await frames.read(reader, timeout=0.05)

    with pytest.raises(ProtocolError, match=r"A frame was begun and not ended within 0\.05 s"):
        asyncio.run(receive())


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(1, 50))
def test_any_bytes_are_split_as_they_were_packed(bodies: list[bytes], step: int) -> None:
    data = b"".join(map(frames.pack, bodies))
    splitter = frames.FrameSplitter()
    assert [
        body for at in range(0, len(data), step) for body in splitter.feed(data[at : at + step])
    ] == bodies


def test_a_frame_longer_than_the_limit_is_refused_by_its_head() -> None:
    with pytest.raises(ProtocolError, match="A frame of 1000 bytes came, expected 999 at most"):
        frames.FrameSplitter(999).feed((1000).to_bytes(4, "big"))
