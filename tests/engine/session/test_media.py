"""`media.*`: what a run logged by tag and step, damaged and huge files, differences of two."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from engine.errors import DataError, DltuiError, ParamError, RunNotFound
from engine.events import EventWriter
from engine.logged_media import MediaWriter
from engine.places import Places
from engine.session import decoded_images, histograms
from engine.session.cache import SessionCache
from tests.engine.session.requests import request

RUN = "counter-20261130-1-abcdef"


class Logged:
    """A run folder in which media are logged."""

    def __init__(self, home: Path, run: str = RUN) -> None:
        self.folder = home / "runs" / run
        self.folder.mkdir(parents=True, exist_ok=True)
        self.events = EventWriter(self.folder / "events.jsonl")
        self.notes: list[str] = []
        self.writer = MediaWriter(self.folder, self.events.append, self.notes.append, self.events.seq + 1)


@pytest.fixture
def logged(tmp_path: Path) -> Logged:
    return Logged(tmp_path)


@pytest.fixture
def session_cache(tmp_path: Path) -> SessionCache:
    return SessionCache(Places(tmp_path))


def png(pixels: Any, mode: str | None = None, kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    PIL.Image.fromarray(np.asarray(pixels, np.uint8), mode).save(made, kind)
    return made.getvalue()


def place(tag: str = "t", step: int = 9_999, run: str = RUN) -> dict[str, object]:
    return {"run": run, "tag": tag, "step": step}


def picture(session_cache: SessionCache, width: int = 100, height: int = 100, **at: Any) -> Any:
    return request(session_cache, "media.picture", place=place(**at), width=width, height=height)


def pixels_of(found: Any) -> list[Any]:
    flat = np.frombuffer(base64.b64decode(found["pixels"]), np.uint8)
    listed: list[Any] = flat.reshape(found["rows"], found["columns"], 3).tolist()
    return listed


def steps(session_cache: SessionCache, run: str = RUN) -> dict[tuple[str, str], Sequence[int]]:
    found = request(session_cache, "media.list", run=run)
    return {(one["kind"], one["tag"]): one["steps"] for one in found["series"]}


# --- what there is ----------------------------------------------------------------------------------------


def test_media_are_listed_by_kind_and_tag_also_those_that_come_later(
    logged: Logged, session_cache: SessionCache
) -> None:
    logged.writer.text("sample", 2, "two dogs")
    logged.writer.image("sample", 1, png([[0]]))
    logged.writer.text("sample", 1, "a dog")
    assert steps(session_cache) == {("text", "sample"): [1, 2], ("image", "sample"): [1]}
    logged.writer.text("sample", 3, "three")
    logged.writer.histogram("w", 3, [[0, 1, 2]])
    assert steps(session_cache)["text", "sample"] == [1, 2, 3]
    assert steps(session_cache)["histogram", "w"] == [3]


def test_what_a_resumed_run_logs_again_replaces_the_steps_after_its_checkpoint(
    logged: Logged, session_cache: SessionCache
) -> None:
    for step in (1, 2, 3):
        logged.writer.text("sample", step, f"first {step}")
    logged.events.append("restored", step=1)
    assert steps(session_cache) == {("text", "sample"): [1]}
    logged.writer.text("sample", 2, "second 2")
    found = request(session_cache, "media.text", place=place("sample"))
    assert (found["step"], found["text"]) == (2, "second 2")


@pytest.mark.parametrize("text", ["", "two dogs", "é" * 6_000])
def test_a_text_is_read_as_it_was_logged(logged: Logged, session_cache: SessionCache, text: str) -> None:
    logged.writer.text("other", 1, "another")
    logged.writer.text("sample", 1, text)
    found = request(session_cache, "media.text", place=place("sample"))
    assert found["text"] == text and not found["is_cut"]


def test_a_table_is_read_as_it_was_logged(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.table("t", 4, ["name", "n"], [["a", 1], ["b", None]])
    found = request(session_cache, "media.table", place=place())
    assert found == {"step": 4, "columns": ["name", "n"], "rows": [["a", 1], ["b", None]]}


def test_a_later_step_gets_the_newest_before_it_and_an_earlier_one_a_line(
    logged: Logged, session_cache: SessionCache
) -> None:
    logged.writer.text("t", 10, "ten")
    logged.writer.text("t", 20, "twenty")
    assert request(session_cache, "media.text", place=place(step=19))["step"] == 10
    with pytest.raises(DataError, match="text 't' begins at step 10, later than step 9"):
        request(session_cache, "media.text", place=place(step=9))
    with pytest.raises(DataError, match="has logged no image 't'"):
        picture(session_cache)


@pytest.mark.parametrize("run", ["", "..", "a/b", "not-there"])
def test_a_run_that_is_not_there_is_a_line(session_cache: SessionCache, run: str) -> None:
    with pytest.raises(RunNotFound, match="There is no run"):
        request(session_cache, "media.list", run=run)


def test_the_bytes_are_those_that_were_logged(logged: Logged, session_cache: SessionCache) -> None:
    data = png([[1, 2]])
    logged.writer.image("t", 1, data)
    found = request(session_cache, "media.content", kind="image", place=place())
    assert base64.b64decode(found["data"]) == data and found["ending"] == "png"
    with pytest.raises(ParamError, match="kind: expected one of image, text"):
        request(session_cache, "media.content", kind="video", place=place())


# --- images -----------------------------------------------------------------------------------------------


def test_a_small_image_has_its_pixels(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.image("t", 1, png([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]]))
    found = picture(session_cache)
    assert pixels_of(found) == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]]]
    assert (found["width"], found["height"], found["step"]) == (2, 2, 1)


def test_a_wide_image_is_scaled_to_fit(logged: Logged, session_cache: SessionCache) -> None:
    wide = np.zeros((100, 8_000), np.uint8)
    wide[:, 4_000:] = 200
    logged.writer.image("t", 1, png(wide))
    found = picture(session_cache, width=80, height=40)
    assert (found["columns"], found["rows"]) == (80, 1) and (found["width"], found["height"]) == (8_000, 100)
    assert pixels_of(found)[0][0] == [0, 0, 0] and pixels_of(found)[0][-1] == [200, 200, 200]


@pytest.mark.parametrize(
    ("pixels", "mode", "first"),
    [
        ([[[255, 255, 255, 0]]], "RGBA", [0, 0, 0]),
        ([[[200, 100, 50, 255]]], "RGBA", [200, 100, 50]),
        ([[[80, 255]]], "LA", [80, 80, 80]),
    ],
)
def test_transparent_pixels_are_black(
    logged: Logged, session_cache: SessionCache, pixels: Any, mode: str, first: list[int]
) -> None:
    logged.writer.image("t", 1, png(pixels, mode))
    assert pixels_of(picture(session_cache))[0][0] == first


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    made = io.BytesIO()
    PIL.Image.fromarray(np.array([[0, 32_768, 65_535]], np.uint16)).save(made, "PNG")
    found, _ = decoded_images.decoded(made.getvalue())
    assert found[0, :, 0].tolist() == [0, 127, 255]


def test_a_jpeg_is_decoded(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.image("t", 1, png(np.full((64, 64, 3), 120), kind="JPEG"))
    assert abs(pixels_of(picture(session_cache, 8, 8))[0][0][0] - 120) < 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:40],
        lambda data: data[: len(data) // 2],
        lambda data: data[:8] + b"\0" * 100,
        lambda data: data[:50] + bytes(byte ^ 0x5A for byte in data[50:90]) + data[90:],
        lambda data: b"\x89PNG\r\n\x1a\n",
    ],
)
def test_a_damaged_image_is_one_line(logged: Logged, session_cache: SessionCache, damage: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3))
    logged.writer.image("t", 1, damage(png(noise)))
    with pytest.raises(DataError, match=r"The image cannot be decoded: [^\n]+$"):
        picture(session_cache)


def test_an_image_of_too_many_pixels_is_not_decoded(
    logged: Logged, session_cache: SessionCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoded_images, "PIXELS_LIMIT", 100)
    logged.writer.image("t", 1, png(np.zeros((20, 20))))
    with pytest.raises(DataError, match="has 20 x 20 pixels, expected 100 in all at most"):
        picture(session_cache)


def test_a_file_that_is_gone_or_shorter_is_one_line(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.image("t", 1, png([[0]]))
    next((logged.folder / "images").iterdir()).unlink()
    with pytest.raises(DataError, match=r"t-1.png is not there any more"):
        picture(session_cache)
    logged.writer.table("t", 1, ["a"], [[1]])
    data = next((logged.folder / "media").iterdir())
    data.write_bytes(data.read_bytes()[:5])
    with pytest.raises(DataError, match="ends before byte"):
        request(session_cache, "media.table", place=place())


def test_a_name_that_leaves_the_run_is_refused(logged: Logged, session_cache: SessionCache) -> None:
    logged.events.append("image", tag="t", step=1, file="../../other/spec.json")
    with pytest.raises(DataError, match="no file of the run"):
        picture(session_cache)


@pytest.mark.parametrize("fact", [{"span": "x"}, {"span": [1]}, {"step": "one"}, {"tag": None}])
def test_an_event_that_does_not_fit_is_left_out(
    logged: Logged, session_cache: SessionCache, fact: dict[str, Any]
) -> None:
    logged.events.append("image", **({"tag": "bad", "step": 1, "file": "x"} | fact))
    logged.writer.text("good", 1, "x")
    assert ("text", "good") in steps(session_cache)


def test_a_part_of_another_programs_file_is_read_in_place(
    logged: Logged, session_cache: SessionCache, tmp_path: Path
) -> None:
    data = png([[7]])
    log = tmp_path / "events.out"
    log.write_bytes(b"head" + data + b"tail")
    logged.writer.place("t", 3, str(log), (4, len(data)))
    assert pixels_of(picture(session_cache)) == [[[7, 7, 7]]]


# --- differences ------------------------------------------------------------------------------------------


def difference(session_cache: SessionCache, width: int = 50, height: int = 50) -> Any:
    return request(
        session_cache, "media.picture_difference", before=place(step=1), after=place(step=2),
        width=width, height=height,
    )  # fmt: skip


def test_the_difference_of_two_images_has_a_sign_and_a_scale(
    logged: Logged, session_cache: SessionCache
) -> None:
    logged.writer.image("t", 1, png([[100, 100], [100, 100]]))
    logged.writer.image("t", 2, png([[150, 0], [100, 100]]))
    found = difference(session_cache)
    levels = np.frombuffer(base64.b64decode(found["levels"]), np.uint8)
    assert levels.tolist() == [192, 1, 128, 128]  # of 100: a half up, all down
    assert (found["most"], found["mean"], found["changed"]) == (100, 37.5, 0.5)


def test_a_difference_that_is_shown_small_keeps_its_largest_pixel(
    logged: Logged, session_cache: SessionCache
) -> None:
    before, after = np.full((90, 120), 50), np.full((90, 120), 50)
    after[41, 67] = 10
    logged.writer.image("t", 1, png(before))
    logged.writer.image("t", 2, png(after))
    found = difference(session_cache, width=7, height=7)
    levels = np.frombuffer(base64.b64decode(found["levels"]), np.uint8)
    assert levels.min() == 1 and sorted(set(levels.tolist())) == [1, 128] and found["most"] == 40


def test_equal_images_differ_nowhere(logged: Logged, session_cache: SessionCache) -> None:
    for step in (1, 2):
        logged.writer.image("t", step, png([[1, 2]]))
    found = difference(session_cache)
    assert (found["most"], found["changed"]) == (0, 0)
    assert set(base64.b64decode(found["levels"])) == {128}


def test_images_of_other_sizes_have_no_difference(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.image("t", 1, png([[1, 2]]))
    logged.writer.image("t", 2, png([[1], [2], [3]]))
    with pytest.raises(DataError, match="Images of 2 x 1 and 1 x 3 pixels have no difference"):
        difference(session_cache)


def test_the_difference_of_two_texts_is_that_of_their_lines(
    logged: Logged, session_cache: SessionCache
) -> None:
    logged.writer.text("t", 1, "one\ntwo\nthree")
    logged.writer.text("t", 2, "one\n2\nthree")
    places = {"before": place(step=1), "after": place(step=2)}
    found = request(session_cache, "media.text_difference", **places)
    assert found["lines"] == ["@@ -1,3 +1,3 @@", " one", "-two", "+2", " three"]
    places["after"] = place(step=1)
    assert request(session_cache, "media.text_difference", **places)["lines"] == []


# --- histograms -------------------------------------------------------------------------------------------


def test_histograms_over_steps_share_one_range(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.histogram("t", 1, [[0, 1, 10], [1, 2, 0]])
    logged.writer.histogram("t", 2, [[2, 3, 3], [3, 4, 1]])
    found = request(session_cache, "media.histograms", place=place(step=1), columns=9, rows=4)
    assert (found["low"], found["high"], found["steps"]) == (0, 4, [1, 2])
    assert found["shares"] == [[1, 0], [0, 0], [0, 1], [0, 0.3333]]
    assert found["step"] == 1 and found["distribution"] == {
        "count": 10, "low": 0, "high": 1, "mean": 0.5, "quartiles": [0.25, 0.5, 0.75],
    }  # fmt: skip


def test_histograms_of_two_runs_share_one_range_where_they_are_beside_each_other(
    logged: Logged, session_cache: SessionCache, tmp_path: Path
) -> None:
    other = Logged(tmp_path, "other")
    logged.writer.histogram("t", 1, [[0, 1, 10]])
    other.writer.histogram("t", 1, [[3, 4, 1]])
    found = request(
        session_cache, "media.histograms", place=place(), columns=9, rows=4, beside=[RUN, "other"]
    )
    assert (found["low"], found["high"]) == (0, 4) and found["shares"] == [[1], [0], [0], [0]]


def test_more_steps_than_columns_are_chosen_evenly_with_the_one_that_is_shown() -> None:
    assert histograms.thinned(range(100), 5, 37) == [0, 37, 50, 74, 99]
    assert histograms.thinned(range(100), 1, 40) == [40]
    assert histograms.thinned([1, 2], 5, 1) == [1, 2]


def test_buckets_are_shared_out_by_their_width() -> None:
    assert histograms.shares(np.array([[0.0, 4.0, 8.0]]), 0, 4, 4).tolist() == [0.25] * 4
    point = np.array([[2.0, 2.0, 5.0]])
    assert histograms.span([point]) == (1.0, 3.0)
    assert histograms.shares(point, 1.0, 3.0, 4).round(6).tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("buckets", [[], [[0.0, 1.0, 0.0]]])
def test_a_histogram_without_numbers_is_empty(
    logged: Logged, session_cache: SessionCache, buckets: Any
) -> None:
    logged.writer.histogram("t", 1, buckets)
    found = request(session_cache, "media.histograms", place=place(), columns=3, rows=2)
    assert found["shares"] == [[0], [0]] and found["distribution"] is None


def test_the_difference_of_two_histograms_is_shares_over_one_range(
    logged: Logged, session_cache: SessionCache
) -> None:
    logged.writer.histogram("t", 1, [[0, 1, 3], [1, 2, 1]])
    logged.writer.histogram("t", 2, [[0, 1, 10], [1, 2, 30]])
    found = request(
        session_cache, "media.histogram_difference", before=place(step=1), after=place(step=2), buckets=2
    )
    assert (found["before"], found["after"]) == ([0.75, 0.25], [0.25, 0.75])


@pytest.mark.parametrize("data", [b"{", b"[[1,2]]", b'[["a",1,2]]', b"[[2,1,3]]", b"[" * 5_000])
def test_a_damaged_histogram_or_table_is_one_line(
    logged: Logged, session_cache: SessionCache, data: bytes
) -> None:
    (logged.folder / "bad").write_bytes(data)
    for kind in ("histogram", "table"):
        logged.events.append(kind, tag="t", step=1, file="bad", span=[0, len(data)])
    with pytest.raises(DataError, match="The histogram of step 1 cannot be read"):
        request(session_cache, "media.histograms", place=place(), columns=3, rows=2)
    with pytest.raises(DataError, match="The table of step 1 cannot be read"):
        request(session_cache, "media.table", place=place())


@pytest.mark.parametrize("side", [0, 2_001, -1])
def test_a_size_out_of_bounds_is_refused(logged: Logged, session_cache: SessionCache, side: int) -> None:
    logged.writer.image("t", 1, png([[1]]))
    with pytest.raises(DltuiError, match="width: expected a whole number from 1 to 2,000"):
        picture(session_cache, width=side)


def test_the_answer_to_a_big_text_is_cut_and_says_so(logged: Logged, session_cache: SessionCache) -> None:
    logged.writer.text("t", 1, "x" * 300_000)
    found = request(session_cache, "media.text", place=place())
    assert len(found["text"]) == 200_000 and found["is_cut"]
    assert len(json.dumps(found)) < 300_000
