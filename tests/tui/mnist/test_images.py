"""Images with long class names, pictures of other sizes, and empty cells."""

from __future__ import annotations

import re

import pytest

from engine.session_protocol.mnist import (
    AverageScores,
    ClassRow,
    ExploredData,
    PixelStatistics,
    SplitPicture,
    SplitReport,
)
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import ColourMode
from tui.mnist.confusion_matrix import ConfusionMatrix
from tui.mnist.data_view import DataSummary
from tui.mnist.picture_grid import PictureGrid

NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
SCORES = (0.5, 1.0, 0.667, 10)
SIZES = [(80, 21), (120, 37), (200, 57), (60, 12)]
LOOKS: list[ColourMode] = ["colour", "shade", "ascii"]


def text(canvas: ImageCanvas) -> str:
    return "\n".join("".join(patch.text for patch in line) for line in canvas.lines())


def explored(side: int) -> ExploredData:
    picture = [[0] * side] * side
    return ExploredData(
        "Fashion", "folder", "", [], side, NAMES, "", {"train": 90, "validation": 10, "test": 20},
        {"train": [9] * 10}, PixelStatistics(1.0, 2.0, 0, 255, 0.5),
        means=[picture] * 10, samples=[[picture] * 3] * 9 + [[]],
    )  # fmt: skip


def report() -> SplitReport:
    classes = [ClassRow(label, name, *SCORES) for label, name in enumerate(NAMES)]
    confusion = [[10 if true == answer else 0 for answer in range(10)] for true in range(10)]
    confusion[0][6] = 3
    average = AverageScores(*SCORES)
    return SplitReport(classes, average, average, 0.9, 0.9, 0.1, confusion, 1, 103, "Fashion")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
def test_data_with_long_class_names_are_drawn(size: tuple[int, int], look: ColourMode) -> None:
    for side in (8, 28, 64):
        canvas = ImageCanvas(*size, look)
        DataSummary(explored(side), 2).paint(canvas)
        assert "Fashion" in text(canvas) and "Tro" in text(canvas)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
def test_a_confusion_matrix_with_long_class_names_is_drawn(size: tuple[int, int], look: ColourMode) -> None:
    canvas = ImageCanvas(*size, look)
    ConfusionMatrix("Fashion", report(), (0, 6), []).paint(canvas)
    if size[1] > 20:
        assert "T-shirt/top predicted as Shirt: 3 of 13" in text(canvas)


@pytest.mark.parametrize(("title", "width", "has_loss"), [("seven", 80, True), ("s" * 36, 80, False)])
def test_the_title_of_a_report_has_every_score_that_fits_whole(
    title: str, width: int, has_loss: bool
) -> None:
    canvas = ImageCanvas(width, 21, "colour")
    ConfusionMatrix(title, report(), (0, 6), []).paint(canvas)
    first = text(canvas).splitlines()[0]
    assert ("loss 0.1000" in first) == has_loss and "accuracy 0.9000" in first
    assert not re.search(r"[a-z] ?\d?\.?\d{0,3}$", first.rstrip())


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
def test_pictures_with_long_class_names_are_drawn(size: tuple[int, int], look: ColourMode) -> None:
    image = SplitPicture(7, 2.3026, [[0, 255]] * 2, 9, 7, [0.1] * 10)
    canvas = ImageCanvas(*size, look)
    PictureGrid("pictures", [image] * 50, 50, 49, NAMES).paint(canvas)
    assert "it is Ankle boot" in text(canvas) and "50 of 50" in text(canvas)
    assert re.search("largest (loss )?first", text(canvas)) and "picture 7, loss 2.30" in text(canvas)


def test_an_empty_cell_has_a_message() -> None:
    canvas = ImageCanvas(80, 21, "colour")
    PictureGrid("pictures", [], 0, 0, NAMES).paint(canvas)
    assert "No picture is in this cell" in text(canvas)
