"""Frames are read from a stream that is split anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.frames import pack
from engine.remote.messages import PAYLOAD_LIMIT, Frame, FrameReader, encode

frames = st.builds(
    Frame,
    kind=st.sampled_from(["events", "file", "word"]),
    facts=st.dictionaries(st.sampled_from(["path", "offset"]), st.integers() | st.text(max_size=20)),
    payload=st.binary(max_size=300),
)


@given(st.lists(frames, max_size=6), st.integers(1, 50))
def test_frames_are_read_unchanged_however_the_stream_is_split(sent: list[Frame], step: int) -> None:
    data = b"".join(encode(frame.kind, frame.payload, **frame.facts) for frame in sent)
    reader = FrameReader()
    received = [frame for at in range(0, len(data), step) for frame in reader.feed(data[at : at + step])]
    assert received == sent


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n", pack(b"hello"), pack(b"[]"), pack(b'{"kind":1,"size":0}'), pack(b'{"kind":"x"}'),
        pack(b'{"kind":"x","size":1e300}'), pack(b'{"kind":"x","size":2}') + pack(b"abc"),
        (PAYLOAD_LIMIT + 1).to_bytes(4, "big"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_frame_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match=r"[Ff]rame"):
        FrameReader().feed(data)
