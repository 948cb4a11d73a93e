"""`mnist.*`: the data, and the predictions, reports, filters and maps of trained networks.

A picture is rows of whole numbers, 0 (background) to 255 (ink). Probabilities are ten numbers. `split` is
train, validation or test; `index` counts within it. `step` is that of a checkpoint, by default the one that
is served (engine.served_checkpoint). An input picture is given as `pixels`, else as `split` and `index`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.params import Value
from engine.session_protocol.request import Request, StreamRequest
from engine.typed_json import Array, Number

# --- data ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PixelStatistics:
    """Of the training split; `ink` is the share of pixels that are not background."""

    mean: float
    std: float
    min: int
    max: int
    ink: float


@dataclass(frozen=True, slots=True)
class ExploredData:
    title: str
    source: str
    notice: str
    notes: Sequence[str]
    side: int
    class_names: Sequence[str]
    named_by: str
    splits: Mapping[str, int]
    """how many pictures"""
    counts: Mapping[str, Sequence[int]]
    """of each class"""
    statistics: PixelStatistics
    means: Array
    """a picture for each class"""
    samples: Array
    """pictures for each class"""


@dataclass(frozen=True, slots=True)
class ExploreRequest(Request[ExploredData]):
    METHOD = "mnist.explore"

    samples: int = 10
    """of each class"""


# --- networks -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OfCheckpoint:
    """The weights that an answer was computed with."""

    run: str
    step: int
    weights: str
    """which they are, in words"""
    warning: str
    """not empty where the requested checkpoint is damaged and an older one is used"""


@dataclass(frozen=True, slots=True)
class NetworkLayer:
    name: str
    kind: str
    shape: Sequence[int]
    parameters: int
    macs: int
    """multiplications of one picture"""


@dataclass(frozen=True, slots=True)
class NetworkFacts(OfCheckpoint):
    side: int
    steps: Sequence[int]
    """of the checkpoints"""
    per_epoch: int | None
    """updates in an epoch; None where a recipe changes it"""
    layers: Sequence[NetworkLayer]
    parameters: int
    macs: int
    class_names: Sequence[str]
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ModelRequest(Request[NetworkFacts]):
    METHOD = "mnist.model"

    run: str
    step: int | None = None


@dataclass(frozen=True, slots=True)
class DataIdentity:
    title: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """None where a value is not known."""

    model: str
    batch: int
    """0: a recipe"""
    run: str | None
    iterations: int | None
    seconds: float | None
    """to the goal; so far, where it is not reached"""
    val_accuracy: Number | None
    balanced: float | None
    test_accuracy: Number | None
    name: str
    is_reached: bool
    is_running: bool
    why: str
    """the reason for a missing value"""
    data: DataIdentity | None


@dataclass(frozen=True, slots=True)
class BestNetwork:
    run: str
    model: str
    batch: int
    balanced: float
    test_accuracy: Number | None


@dataclass(frozen=True, slots=True)
class NetworksTable:
    """One more row in each part."""

    done: int
    total: int
    goal: float
    rows: Sequence[TableRow]
    best: BestNetwork | None
    notice: str
    """why none is best"""


@dataclass(frozen=True, slots=True)
class NetworksTableRequest(StreamRequest[NetworksTable]):
    METHOD = "mnist.table"


# --- reports ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AverageScores:
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class ClassRow:
    label: int
    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class SplitReport:
    classes: Sequence[ClassRow]
    macro: AverageScores
    weighted: AverageScores
    accuracy: float
    balanced_accuracy: float
    loss: float
    confusion: Sequence[Sequence[int]]
    """[true][predicted]"""
    form: int
    """version of the file it is cached in"""
    images: int
    title: str


@dataclass(frozen=True, slots=True)
class ReportProgress:
    """Pictures classified."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FinishedReport(ReportProgress):
    """The last part."""

    run: str
    step: int
    weights: str
    warning: str
    """these four as in OfCheckpoint"""
    split: str
    data: DataIdentity
    report: SplitReport


@dataclass(frozen=True, slots=True)
class ReportRequest(StreamRequest[FinishedReport | ReportProgress]):
    METHOD = "mnist.report"

    run: str
    split: str = "test"
    step: int | None = None


@dataclass(frozen=True, slots=True)
class SplitPicture:
    index: int
    loss: float
    pixels: Array
    label: int
    predicted: int
    probabilities: Sequence[float]


@dataclass(frozen=True, slots=True)
class SplitPictures(OfCheckpoint):
    split: str
    images: Sequence[SplitPicture]
    count: int
    """of all, of which `images` may be some"""
    offset: int


@dataclass(frozen=True, slots=True)
class CellRequest(Request[SplitPictures]):
    """The pictures of a cell of the confusion matrix, the largest loss first."""

    METHOD = "mnist.cell"

    run: str
    true: int
    predicted: int
    split: str = "test"
    offset: int = 0
    limit: int = 50
    step: int | None = None


@dataclass(frozen=True, slots=True)
class WorstRequest(Request[SplitPictures]):
    """The mistakes, the largest loss first."""

    METHOD = "mnist.worst"

    run: str
    split: str = "test"
    n: int = 100
    step: int | None = None


@dataclass(frozen=True, slots=True)
class RobustnessPoints(OfCheckpoint):
    """The points so far."""

    kind: str
    unit: str
    amounts: Sequence[float]
    accuracies: Sequence[float]
    images: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RobustnessRequest(StreamRequest[RobustnessPoints]):
    METHOD = "mnist.robustness"

    run: str
    kind: str = "shift"
    """shift (pixels) or noise (part of the grey scale)"""
    split: str = "test"
    images: int = 2000
    step: int | None = None


# --- filters and maps ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Levels:
    """Numbers for drawing: a level l of 0 to 255 is the value low + (high - low) * l / 255."""

    low: float
    high: float
    levels: Array


@dataclass(frozen=True, slots=True)
class LayerFilters(OfCheckpoint):
    """`levels` are [filter][channel] pictures; for a dense layer the weights of its units."""

    name: str
    kind: str
    layers: Sequence[str]
    """that have filters"""
    height: int
    width: int
    channels: int
    count: int
    """of all filters"""
    low: float
    high: float
    levels: Array
    """these three as in Levels"""


@dataclass(frozen=True, slots=True)
class FiltersRequest(Request[LayerFilters]):
    METHOD = "mnist.filters"

    run: str
    layer: str = ""
    """empty: the first"""
    step: int | None = None
    limit: int = 256


@dataclass(frozen=True, slots=True)
class RecordedStep:
    step: int
    val_accuracy: Number | None


@dataclass(frozen=True, slots=True)
class RecordedHistory:
    """What `sketch` events recorded, also where no checkpoint was kept."""

    run: str
    steps: Sequence[RecordedStep]
    step: int | None
    parts: Mapping[str, Any]
    """of `step`: "filters/NAME": [filter][channel] rows of weights, "maps/NAME": [4 images][filter] rows of
    0 to 255"""


@dataclass(frozen=True, slots=True)
class HistoryRequest(Request[RecordedHistory]):
    METHOD = "mnist.history"

    run: str
    step: int | None = None
    """None: the last"""


@dataclass(frozen=True, slots=True)
class LayerMaps:
    """The maps of a layer before its ReLU and after it."""

    name: str
    kind: str
    shape: Sequence[int]
    before: Levels
    after: Levels


@dataclass(frozen=True, slots=True)
class PictureLayers(OfCheckpoint):
    original: Array
    label: int | None
    predicted: int
    probabilities: Sequence[float]
    layers: Sequence[LayerMaps]


@dataclass(frozen=True, slots=True)
class MapsRequest(Request[PictureLayers]):
    METHOD = "mnist.maps"

    run: str
    layer: str = "all"
    step: int | None = None
    split: str = "test"
    index: int = 0
    pixels: Any = None


@dataclass(frozen=True, slots=True)
class DrawnPrediction(OfCheckpoint):
    centred: Array
    """the input of the network"""
    predicted: int
    probabilities: Sequence[float]
    layers: Sequence[LayerMaps] | None = None
    """None: without `maps`"""


@dataclass(frozen=True, slots=True)
class PredictRequest(Request[DrawnPrediction]):
    METHOD = "mnist.predict"

    run: str
    pixels: Any
    centred: bool = True
    """place the drawing as the training pictures are placed"""
    maps: bool = True
    step: int | None = None


@dataclass(frozen=True, slots=True)
class PictureSaliency(OfCheckpoint):
    original: Array
    label: int | None
    kind: str
    target: int
    predicted: int
    probabilities: Sequence[float]
    most: float
    """the largest amount"""
    values: Array
    """rows of -1 to 1 in units of `most`"""


@dataclass(frozen=True, slots=True)
class SaliencyRequest(Request[PictureSaliency]):
    METHOD = "mnist.saliency"

    run: str
    kind: str = "occlusion"
    """or gradient"""
    target: int | None = None
    """class; None: the predicted one"""
    split: str = "test"
    index: int = 0
    pixels: Any = None
    step: int | None = None


# --- kept drawings ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptMark:
    mark: str
    count: int
    """of all kept"""


@dataclass(frozen=True, slots=True)
class KeepRequest(Request[KeptMark]):
    METHOD = "mnist.keep"

    pixels: Any
    label: int


@dataclass(frozen=True, slots=True)
class DroppedDigits:
    dropped: int
    count: int


@dataclass(frozen=True, slots=True)
class DropRequest(Request[DroppedDigits]):
    METHOD = "mnist.drop"

    mark: str
    """all: every one"""


@dataclass(frozen=True, slots=True)
class KeptPicture:
    mark: str
    pixels: Array
    label: int
    predicted: int
    probabilities: Sequence[float]


@dataclass(frozen=True, slots=True)
class KeptReport(OfCheckpoint):
    count: int
    accuracy: float | None
    """None while nothing is kept"""
    confusion: Sequence[Sequence[int]]
    images: Sequence[KeptPicture]


@dataclass(frozen=True, slots=True)
class KeptReportRequest(Request[KeptReport]):
    METHOD = "mnist.kept_report"

    run: str
    step: int | None = None
