"""`media.*`: the images, texts, tables and histograms that a run has logged, and differences of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.session_protocol.request import Request
from engine.typed_json import Array


@dataclass(frozen=True, slots=True)
class MediaSeries:
    """All that was logged under one tag."""

    kind: str
    """image, text, table or histogram"""
    tag: str
    steps: Array
    """whole numbers, rising"""


@dataclass(frozen=True, slots=True)
class LoggedMedia:
    series: Sequence[MediaSeries]
    """in the order in which their first was logged"""


@dataclass(frozen=True, slots=True)
class LoggedMediaRequest(Request[LoggedMedia]):
    METHOD = "media.list"
    run: str


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """The newest one of a tag that was logged at `step` or before."""

    run: str
    tag: str
    step: int


@dataclass(frozen=True, slots=True)
class Picture:
    step: int
    width: int
    height: int
    """pixels in its file"""
    size: int
    """bytes of the file"""
    columns: int
    rows: int
    pixels: str
    """RGB, a byte each, row by row, in base64"""


@dataclass(frozen=True, slots=True)
class PictureRequest(Request[Picture]):
    """The image, made smaller where it does not fit into `width` x `height` pixels."""

    METHOD = "media.picture"
    place: MediaPlace
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PictureDifference:
    """The second image minus the first, of each pixel in the colour where they differ most."""

    columns: int
    rows: int
    levels: str
    """a byte each, row by row, in base64: 128 no difference, 255 `most`, 1 minus `most`"""
    most: float
    """the largest difference of a pixel, of 255"""
    mean: float
    """the mean of the absolute differences, of 255"""
    changed: float
    """share of the pixels that differ at all"""


@dataclass(frozen=True, slots=True)
class PictureDifferenceRequest(Request[PictureDifference]):
    METHOD = "media.picture_difference"
    before: MediaPlace
    after: MediaPlace
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LoggedText:
    step: int
    text: str
    is_cut: bool
    """it is longer than what is sent"""


@dataclass(frozen=True, slots=True)
class LoggedTextRequest(Request[LoggedText]):
    METHOD = "media.text"
    place: MediaPlace


@dataclass(frozen=True, slots=True)
class TextDifference:
    lines: Sequence[str]
    """as of `diff -u` without its head; empty where the texts are equal"""


@dataclass(frozen=True, slots=True)
class TextDifferenceRequest(Request[TextDifference]):
    METHOD = "media.text_difference"
    before: MediaPlace
    after: MediaPlace


@dataclass(frozen=True, slots=True)
class LoggedTable:
    step: int
    columns: Sequence[str]
    rows: Array
    """of texts, numbers, true, false and null"""


@dataclass(frozen=True, slots=True)
class LoggedTableRequest(Request[LoggedTable]):
    METHOD = "media.table"
    place: MediaPlace


@dataclass(frozen=True, slots=True)
class Distribution:
    """Of the numbers of one histogram; places within a bucket are taken as equally likely."""

    count: float
    low: float
    high: float
    mean: float
    quartiles: Sequence[float]
    """the first, the median, the third"""


@dataclass(frozen=True, slots=True)
class HistogramHistory:
    """The histograms of a tag over its steps."""

    step: int
    distribution: Distribution | None
    """of that step; None where it counts no number"""
    steps: Array
    """of the columns: all, or as many as were asked for, evenly chosen"""
    low: float
    high: float
    """the range of the rows"""
    shares: Array
    """rows from low to high, of the share of the numbers of each column, divided by the largest of it"""


@dataclass(frozen=True, slots=True)
class HistogramHistoryRequest(Request[HistogramHistory]):
    METHOD = "media.histograms"
    place: MediaPlace
    columns: int
    rows: int
    beside: Sequence[str] = ()
    """runs whose numbers under this tag are within the range too"""


@dataclass(frozen=True, slots=True)
class HistogramDifference:
    """Two histograms over the same range."""

    low: float
    high: float
    before: Array
    after: Array
    """shares of the numbers in buckets of equal width"""


@dataclass(frozen=True, slots=True)
class HistogramDifferenceRequest(Request[HistogramDifference]):
    METHOD = "media.histogram_difference"
    before: MediaPlace
    after: MediaPlace
    buckets: int


@dataclass(frozen=True, slots=True)
class MediaContent:
    step: int
    ending: str
    """of the name of a file: png, jpg, txt, json"""
    data: str
    """in base64"""


@dataclass(frozen=True, slots=True)
class MediaContentRequest(Request[MediaContent]):
    """The bytes that were logged."""

    METHOD = "media.content"
    kind: str
    place: MediaPlace
