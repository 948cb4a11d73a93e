"""Lines of JSON with bytes behind them, cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProtocolError
from engine.remote.frames import HEADER_LIMIT, Frame, Reader, encode

frames = st.builds(
    Frame,
    kind=st.sampled_from(["events", "file", "word"]),
    facts=st.dictionaries(st.sampled_from(["path", "offset"]), st.integers() | st.text(max_size=20)),
    payload=st.binary(max_size=300),
)


@given(st.lists(frames, max_size=6), st.integers(1, 50))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(sent: list[Frame], step: int) -> None:
    data = b"".join(encode(frame.kind, frame.payload, **frame.facts) for frame in sent)
    reader = Reader()
    came = [frame for at in range(0, len(data), step) for frame in reader.feed(data[at : at + step])]
    assert came == sent


@pytest.mark.parametrize(
    "data",
    [
        b"hello\n", b"[]\n", b'{"kind":1,"size":0}\n', b'{"kind":"x","size":-1}\n', b'{"kind":"x"}\n',
        b'{"kind":"x","size":1e300}\n', b"x" * (HEADER_LIMIT + 1),
    ],
)  # fmt: skip
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="frame"):
        Reader().feed(data)
