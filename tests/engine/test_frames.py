"""Frames: what goes in comes out, however it is cut; what is no frame is refused."""

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
def test_frames_come_out_as_they_went_in_however_they_are_cut(
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
        heard: list[object] = []
        while (message := await frames.read(reader)) is not None:
            heard.append(message)
        return heard

    assert asyncio.run(receive()) == sent


@given(st.binary(max_size=80))
def test_bytes_are_a_message_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        assert isinstance(frames.decode(body), dict)
    except ProtocolError as error:
        assert "\n" not in error.message


@pytest.mark.parametrize(
    ("body", "said"),
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
def test_what_is_no_message_is_refused_with_the_reason(body: bytes, said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        frames.decode(body)


def test_brackets_inside_texts_are_no_nest() -> None:
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
