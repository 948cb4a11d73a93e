"""Methods `media.*` (engine.session_protocol.media): what a run logged beside numbers."""

from __future__ import annotations

import base64
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from engine.errors import DataError, ParamError
from engine.logged_media import KINDS, PNG, checked_buckets, checked_table
from engine.session import decoded_images, histograms
from engine.session.cache import SessionCache
from engine.session.media_store import RunMedia, content_at, media_of
from engine.session.methods import Handler
from engine.session_protocol.media import (
    HistogramDifference,
    HistogramDifferenceRequest,
    HistogramHistory,
    HistogramHistoryRequest,
    LoggedMedia,
    LoggedMediaRequest,
    LoggedTable,
    LoggedTableRequest,
    LoggedText,
    LoggedTextRequest,
    MediaContent,
    MediaContentRequest,
    MediaSeries,
    Picture,
    PictureDifference,
    PictureDifferenceRequest,
    PictureRequest,
    TextDifference,
    TextDifferenceRequest,
)

SIDE_LIMIT = 2_000
"""pixels, or rows and columns, along one side of an answer"""
TEXT_LIMIT = 200_000
"""characters of a text that are sent"""
LINES_LIMIT = 1_000
"""lines of each of two texts that are compared"""


def list_(session_cache: SessionCache, request: LoggedMediaRequest) -> LoggedMedia:
    found = media_of(session_cache, request.run)
    return LoggedMedia([MediaSeries(kind, tag, items.steps) for (kind, tag), items in found.tags.items()])


def content(session_cache: SessionCache, request: MediaContentRequest) -> MediaContent:
    """Raises DataError and ParamError."""
    if request.kind not in KINDS:
        raise ParamError(f"kind: expected one of {', '.join(KINDS)}, got {request.kind[:40]!r}.")
    step, data = content_at(session_cache, request.kind, request.place)
    endings = {"text": "txt", "table": "json", "histogram": "json"}
    ending = endings.get(request.kind) or ("png" if data.startswith(PNG) else "jpg")
    return MediaContent(step, ending, base64.b64encode(data).decode("ascii"))


# --- images -----------------------------------------------------------------------------------------------


def picture(session_cache: SessionCache, request: PictureRequest) -> Picture:
    """Raises DataError and ParamError."""
    _check_sides(width=request.width, height=request.height)
    step, data = content_at(session_cache, "image", request.place)
    pixels, (width, height) = decoded_images.decoded(data, request.width, request.height)
    rows, columns = pixels.shape[:2]
    coded = base64.b64encode(pixels.tobytes()).decode("ascii")
    return Picture(step, width, height, len(data), columns, rows, coded)


def picture_difference(session_cache: SessionCache, request: PictureDifferenceRequest) -> PictureDifference:
    """Raises DataError and ParamError."""
    _check_sides(width=request.width, height=request.height)
    _, before = content_at(session_cache, "image", request.before)
    _, after = content_at(session_cache, "image", request.after)
    found = decoded_images.difference(before, after, request.width, request.height)
    levels = np.round(128 + 127 * found.shown / max(1, found.most)).astype(np.uint8)
    rows, columns = levels.shape
    coded = base64.b64encode(levels.tobytes()).decode("ascii")
    return PictureDifference(columns, rows, coded, float(found.most), found.mean, found.changed)


# --- texts and tables -------------------------------------------------------------------------------------


def text(session_cache: SessionCache, request: LoggedTextRequest) -> LoggedText:
    """Raises DataError."""
    step, data = content_at(session_cache, "text", request.place)
    found = data.decode("utf-8", "replace")
    return LoggedText(step, found[:TEXT_LIMIT], len(found) > TEXT_LIMIT)


def text_difference(session_cache: SessionCache, request: TextDifferenceRequest) -> TextDifference:
    """Raises DataError."""
    before, after = (
        content_at(session_cache, "text", place)[1].decode("utf-8", "replace").splitlines()[:LINES_LIMIT]
        for place in (request.before, request.after)
    )
    return TextDifference(list(difflib.unified_diff(before, after, lineterm="", n=2))[2:])


def table(session_cache: SessionCache, request: LoggedTableRequest) -> LoggedTable:
    """Raises DataError."""
    step, data = content_at(session_cache, "table", request.place)
    try:
        given = json.loads(data)
        found = checked_table(given["columns"], given["rows"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"The table of step {step:,} cannot be read: {error}.") from error
    return LoggedTable(step, found["columns"], found["rows"])


# --- histograms -------------------------------------------------------------------------------------------


def histogram_history(session_cache: SessionCache, request: HistogramHistoryRequest) -> HistogramHistory:
    """Raises DataError and ParamError."""
    _check_sides(columns=request.columns, rows=request.rows)
    place = request.place
    media = media_of(session_cache, place.run)
    step, _ = media.content("histogram", place.tag, place.step)
    steps = histograms.thinned(media.items("histogram", place.tag).steps, request.columns, step)
    found = [_buckets(media, place.tag, at) for at in steps]
    low, high = histograms.span([*found, *_beside(session_cache, request)])
    columns = [histograms.shares(one, low, high, request.rows) for one in found]
    shares = [column / (column.max() or 1.0) for column in columns]
    rows = np.round(np.stack(shares, axis=1), 4).tolist()
    current = histograms.distribution(found[steps.index(step)])
    return HistogramHistory(step, current, steps, low, high, rows)


def _beside(session_cache: SessionCache, request: HistogramHistoryRequest) -> Iterator[histograms.Buckets]:
    """The histograms of the other runs, as many of each as are shown."""
    tag = request.place.tag
    for run in request.beside:
        media = media_of(session_cache, run)
        if run != request.place.run and ("histogram", tag) in media.tags:
            steps = media.items("histogram", tag).steps
            for step in histograms.thinned(steps, request.columns, steps[-1]):
                yield _buckets(media, tag, step)


def histogram_difference(
    session_cache: SessionCache, request: HistogramDifferenceRequest
) -> HistogramDifference:
    """Raises DataError and ParamError."""
    _check_sides(buckets=request.buckets)
    before, after = (
        _buckets(media_of(session_cache, place.run), place.tag, place.step)
        for place in (request.before, request.after)
    )
    low, high = histograms.span((before, after))
    parts = [histograms.shares(one, low, high, request.buckets) for one in (before, after)]
    return HistogramDifference(low, high, *(np.round(part, 6).tolist() for part in parts))


def _buckets(media: RunMedia, tag: str, step: int) -> histograms.Buckets:
    _, data = media.content("histogram", tag, step)
    try:
        return np.array(checked_buckets(json.loads(data)), np.float64).reshape(-1, 3)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"The histogram of step {step:,} cannot be read: {error}.") from error


def _check_sides(**sides: int) -> None:
    for name, side in sides.items():
        if not 1 <= side <= SIDE_LIMIT:
            raise ParamError(f"{name}: expected a whole number from 1 to {SIDE_LIMIT:,}, got {side}.")


HANDLERS: Mapping[Any, Handler] = {
    LoggedMediaRequest: list_,
    MediaContentRequest: content,
    PictureRequest: picture,
    PictureDifferenceRequest: picture_difference,
    LoggedTextRequest: text,
    TextDifferenceRequest: text_difference,
    LoggedTableRequest: table,
    HistogramHistoryRequest: histogram_history,
    HistogramDifferenceRequest: histogram_difference,
}
