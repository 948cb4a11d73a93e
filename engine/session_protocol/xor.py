"""`xor.*`: one XOR network; `lanes.*`: the networks of runs of `xor_grid` and `xor_batch`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.params import Value
from engine.session_protocol.request import Request
from engine.typed_json import Array, Number

Point = Sequence[float]
"""x and y, or their weights"""
LineEnds = tuple[Point, Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class XorWeights:
    """`hidden_weight` has for each of k units [weight of the first input, of the second]; `output_weight`
    has k numbers, with bypass the two of the inputs in front; `activation` is btu, sigmoid, tanh, relu or
    silu."""

    hidden_weight: Sequence[Point]
    hidden_bias: Sequence[float]
    output_weight: Sequence[float]
    output_bias: float
    bypass: bool = False
    activation: str = "btu"
    temperature: float = 0.001


@dataclass(frozen=True, slots=True)
class TruthRow:
    inputs: Point
    target: float
    output: float
    """probability"""
    hidden: Sequence[float]
    is_right: bool
    """an output of one half is right for no target"""


@dataclass(frozen=True, slots=True)
class LookPoint:
    inputs: Point
    target: float | None
    """None for a validation point where the targets are not those of XOR"""
    output: float
    is_row: bool
    """a row of the truth table, else a validation point"""


@dataclass(frozen=True, slots=True)
class XorLosses:
    """Over the 4 rows; `bce` is the mean in nats."""

    sse: Number
    mse: Number
    bce: Number
    val_bce: Number | None
    """over the 8 points"""


@dataclass(frozen=True, slots=True)
class HiddenUnit:
    """The line a x + b y + c = 0 of a hidden unit, which is on where it is above 0."""

    a: float
    b: float
    c: float
    ends: LineEnds | None
    """of it within the square"""
    gate: str
    """that it has become, undecided, or empty: a SiLU unit is none"""
    outputs: Sequence[float]
    """for the 4 rows"""


@dataclass(frozen=True, slots=True)
class WholeNet:
    gate: str
    ends: LineEnds | None
    """only without hidden units"""


@dataclass(frozen=True, slots=True)
class XorLook:
    """Outputs, losses, units and plane of a network."""

    rows: Sequence[TruthRow]
    points: Sequence[LookPoint]
    """the rows, then the 4 validation points"""
    losses: XorLosses
    right: int
    """rows on the right side of one half"""
    undecided: int
    """rows exactly at it"""
    plane: Array
    """rows of probabilities, top row first, over [-0.5, 1.5] both ways"""
    units: Sequence[HiddenUnit]
    output: WholeNet


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest(Request[XorLook], XorWeights):
    METHOD = "xor.look"

    width: int = 40
    height: int = 40
    """cells of the plane"""
    targets: Sequence[float] = (0, 1, 1, 0)
    """of the rows (0,0), (0,1), (1,0), (1,1)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWeights(XorWeights):
    targets: Sequence[float]


@dataclass(frozen=True, slots=True)
class XorPreset:
    name: str
    note: str
    net: TaskWeights


@dataclass(frozen=True, slots=True)
class XorPuzzle(XorPreset):
    """To be solved by hand from weights of zero."""

    targets: Sequence[int]


@dataclass(frozen=True, slots=True)
class LeastXorLoss:
    hidden: int
    bypass: bool
    floor: float
    """the least cross-entropy in nats that such a network can approach"""
    note: str


@dataclass(frozen=True, slots=True)
class XorPresets:
    networks: Sequence[XorPreset]
    puzzles: Sequence[XorPuzzle]
    ladder: Sequence[LeastXorLoss]


@dataclass(frozen=True, slots=True)
class PresetsRequest(Request[XorPresets]):
    METHOD = "xor.presets"


# --- runs of many networks --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BatchTable:
    """A page of the networks of a run."""

    columns: Sequence[str]
    """lane, the parameters that vary, seed, outcome, stop, loss, val_loss"""
    rows: Sequence[Sequence[Value]]
    """in the order of the columns; outcome is running, success, fail, diverged or stopped, stop the epochs
    trained, loss over the 4 rows, val_loss the best so far; None: not known"""
    matching: int
    """networks that pass `where`"""
    total: int
    common: Mapping[str, Value]
    """the parameters that do not vary"""
    counts: Mapping[str, int]
    """of all networks by outcome"""
    epoch: int
    """trained so far by the running networks"""
    epochs: int
    """trained at most"""


@dataclass(frozen=True, slots=True)
class TableRequest(Request[BatchTable]):
    METHOD = "lanes.table"

    run: str
    sort: str = "lane"
    descending: bool = False
    where: Mapping[str, Value] = field(default_factory=dict)
    """such as outcome: fail, hidden: 2"""
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True)
class CellMap:
    """A failure map: rows (ys) of cells (xs)."""

    x: str
    y: str
    """names of the axes, empty without axes"""
    xs: Sequence[Value]
    ys: Sequence[Value]
    """the values along the axes; without axes positions"""
    lanes: Array
    """the first network of each cell, -1 where there is none"""
    counts: Array
    """networks of each cell"""
    values: Array
    """for outcome the share of successes among those that ended; for loss and val_loss the median; for stop
    the median epoch at which the successful ones were solved; None where there is no value"""
    running: Array
    """how many in each cell still train"""
    low: float | None
    high: float | None
    """the range of the values; 0 and 1 for outcome"""
    axes: Sequence[str]
    """the parameters that can be an axis"""
    groups: Sequence[Mapping[str, Value]]
    """without axes, for each row: the parameters of the first network in it whose parameters but the seed are
    not those of the one before, else nothing"""
    validates: bool
    """whether any network has a validation set"""
    outcomes: Mapping[str, int]
    epoch: int
    epochs: int


@dataclass(frozen=True, slots=True)
class MapRequest(Request[CellMap]):
    METHOD = "lanes.map"

    run: str
    x: str = ""
    y: str = ""
    """two parameters that vary, both or neither"""
    colour: str = "outcome"
    """outcome, stop, loss or val_loss"""
    columns: int = 0
    """cells in a row without axes: one per network, in the order of the lanes; 0: about square"""


@dataclass(frozen=True, slots=True)
class BatchCurve:
    """Thinned; `val_loss` is empty without validation."""

    epochs: Sequence[int]
    loss: Sequence[float | None]
    val_loss: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class BatchNet:
    """One network of a run."""

    lane: int
    seed: int
    outcome: str
    stop: int
    loss: float | None
    val_loss: float | None
    params: Mapping[str, Value]
    """of the experiment `xor`: with `seed` they start a run from the same weights"""
    net: XorWeights
    look: XorLook | None
    """None where it diverged"""
    curve: BatchCurve


@dataclass(frozen=True, slots=True)
class NetRequest(Request[BatchNet]):
    METHOD = "lanes.open"

    run: str
    lane: int
    width: int = 40
    height: int = 40


@dataclass(frozen=True, slots=True)
class NotebookResult:
    """Figures printed by the notebook; all except `fails` are over successful runs."""

    mean: float
    std: float
    train_loss: float
    val_loss: float
    fails: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One of the nine experiments; None where there is no value."""

    experiment: int
    lr: float
    hidden: int
    bypass: bool
    runs: int
    fails: int
    running: int
    mean: float | None
    std: float | None
    train_loss: float | None
    val_loss: float | None
    """mean, std and the losses are over successes, as in the notebook"""
    median: float | None
    low: float | None
    high: float | None
    """median and its 95 % interval over all runs counted, a failure standing for more than all epochs; None:
    beyond the last epoch, or fewer than six runs"""
    mean_all: float | None
    """counts a failure as all epochs: a lower bound"""
    lanes: Sequence[int]
    """those counted"""
    notebook: NotebookResult
    chance: float | None
    """how often two experiments differ by as much as the notebook's mean and ours, if their networks are
    alike; None while a network trains"""


@dataclass(frozen=True, slots=True)
class GridReport:
    """The nine experiments beside the notebook's numbers."""

    rows: Sequence[ReportRow]
    gates: Mapping[str, int]
    """how often the hidden unit of the first experiment became each gate, over its successes"""
    counts: Mapping[str, int]
    epoch: int
    epochs: int


@dataclass(frozen=True, slots=True)
class GridReportRequest(Request[GridReport]):
    METHOD = "lanes.report"

    run: str
