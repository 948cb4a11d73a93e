"""Filters, feature maps, predictions and saliency of one network, and what its training recorded of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import events, fold
from engine.errors import DataError, ParamError, RunRefused
from engine.events import Event
from engine.models.images import conv_net as salience
from engine.models.images import images_as_bytes
from engine.models.images.centring import centre
from engine.models.images.conv_net import Activations, softmax
from engine.models.images.layers import Convolution, Dense
from engine.protocol import Json, number_from_json
from engine.session import mnist_data
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import OpenNet, folder_of, open_net
from engine.session_protocol.mnist import (
    DrawnPrediction,
    FiltersRequest,
    HistoryRequest,
    LayerFilters,
    LayerMaps,
    Levels,
    MapsRequest,
    PictureLayers,
    PictureSaliency,
    PredictRequest,
    RecordedHistory,
    RecordedStep,
    SaliencyRequest,
)

LARGEST = 512
KINDS = ("occlusion", "gradient")
Picture = tuple[NDArray[np.uint8], int | None]
"""(side, side), and its label where it is known"""


def head(opened: OpenNet) -> Json:
    """The fields of OfCheckpoint."""
    return {"run": opened.id, "step": opened.step, "weights": opened.words, "warning": opened.warning}


def picture(session_cache: SessionCache, opened: OpenNet, request: MapsRequest | SaliencyRequest) -> Picture:
    """Raises DataError."""
    if request.pixels is not None:
        return fitting(drawn(request.pixels), opened.net.side), None
    split, index = request.split, request.index
    part = mnist_data.run_pictures(session_cache, opened).part(split)
    if not 0 <= index < len(part.labels):
        raise DataError(f"{split} has no picture {index}, expected 0 to {len(part.labels) - 1}.")
    return part.images[index], int(part.labels[index])


def drawn(pixels: Any) -> NDArray[np.uint8]:
    """Rows of numbers as a picture (rows, columns). Raises DataError."""
    try:
        numbers = np.asarray(pixels, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise DataError("A picture has to be rows of numbers, all of the same length.") from error
    if numbers.ndim != 2 or not 1 <= min(numbers.shape) <= max(numbers.shape) <= LARGEST:
        size = "x".join(map(str, numbers.shape))
        raise DataError(f"A picture of {size} came, expected rows and columns, 1 to {LARGEST} each.")
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and numbers.max() <= 255):
        raise DataError("A pixel lies outside 0 to 255.")
    return np.rint(numbers).astype(np.uint8)


def fitting(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Unchanged where it has the right size, else scaled and centred."""
    return image if image.shape == (side, side) else centre(image, side)


def filters(session_cache: SessionCache, request: FiltersRequest) -> LayerFilters:
    """Raises ParamError when the layer has no filters that can be drawn."""
    opened, layer = open_net(session_cache, request.run, request.step), request.layer
    weighted = [one for one in opened.net.layers if isinstance(one, Convolution | Dense)]
    shown = {one.name: one for one in weighted if one.kind == Convolution.kind or one is weighted[0]}
    if layer and layer not in shown:
        known = ", ".join(shown)
        raise ParamError(f"Layer {layer[:40]!r} of {opened.id} has no filters.", f"There is: {known}.")
    found = shown[layer] if layer else weighted[0]
    side = opened.net.side
    weight = found.weight if isinstance(found, Convolution) else found.weight.reshape(-1, 1, side, side)
    count, channels, height, width = weight.shape
    return LayerFilters(
        **head(opened), name=found.name, kind=found.kind, layers=list(shown), height=height,
        width=width, channels=channels, count=count,
        **images_as_bytes.levels(weight[: max(1, request.limit)]),
    )  # fmt: skip


def maps(session_cache: SessionCache, request: MapsRequest) -> PictureLayers:
    """Raises ParamError for a layer that is not there."""
    opened, layer = open_net(session_cache, request.run, request.step), request.layer
    image, label = picture(session_cache, opened, request)
    seen, logits = opened.net.activations(image)
    chosen = [one for one in seen if layer in ("all", one.name)]
    if not chosen:
        known = ", ".join(one.name for one in seen)
        raise ParamError(f"{opened.id} has no layer {layer[:40]!r}.", f"It has: {known}, or all.")
    return PictureLayers(
        **head(opened), original=images_as_bytes.rows(image), label=label, **_prediction(logits),
        layers=_layers(chosen),
    )  # fmt: skip


def predict(session_cache: SessionCache, request: PredictRequest) -> DrawnPrediction:
    opened, image = open_net(session_cache, request.run, request.step), drawn(request.pixels)
    image = (centre if request.centred else fitting)(image, opened.net.side)
    seen, logits = opened.net.activations(image)
    layers = _layers(seen) if request.maps else None
    return DrawnPrediction(
        **head(opened), centred=images_as_bytes.rows(image), **_prediction(logits), layers=layers
    )


def saliency(session_cache: SessionCache, request: SaliencyRequest) -> PictureSaliency:
    """Raises ParamError for an unknown kind or class."""
    opened, kind = open_net(session_cache, request.run, request.step), request.kind
    image, label = picture(session_cache, opened, request)
    logits = opened.net.logits(image[None])[0]
    target = int(logits.argmax()) if request.target is None else request.target
    if kind not in KINDS or not 0 <= target < len(logits):
        raise ParamError(
            f"saliency: expected {' or '.join(KINDS)} of class 0 to 9, got {kind[:20]!r} of {target}."
        )
    compute = salience.occlusion if kind == "occlusion" else salience.gradient
    amounts = compute(opened.net, image, target)
    most = float(np.abs(amounts).max())
    return PictureSaliency(
        **head(opened), original=images_as_bytes.rows(image), label=label, kind=kind, target=target,
        **_prediction(logits), most=most,
        values=(amounts.astype(np.float64) / (most or 1)).round(3).tolist(),
    )  # fmt: skip


def shown(pixels: NDArray[np.uint8], label: int, logits: NDArray[np.float32]) -> Json:
    """A picture of the data set or a kept one, and its prediction."""
    return {"pixels": images_as_bytes.rows(pixels), "label": label, **_prediction(logits)}


def _prediction(logits: NDArray[np.float32]) -> Json:
    return {"predicted": int(logits.argmax()), "probabilities": softmax(logits).astype(np.float64).tolist()}


def _layers(seen: list[Activations]) -> list[LayerMaps]:
    return [
        LayerMaps(
            one.name, one.kind, list(one.before.shape), Levels(**images_as_bytes.levels(one.before)),
            Levels(**images_as_bytes.levels(one.after)),
        )
        for one in seen
    ]  # fmt: skip


SKETCH, METRICS, VALIDATED = b'"sketch"', b'"metrics"', b'"val_accuracy"'


@dataclass(slots=True)
class NetworkHistory:
    """Lines of `sketch` events by step, and the validation accuracies by step: a `HistoryPart`."""

    path: Path
    sketches: dict[int, bytes] = field(default_factory=dict)
    accuracies: dict[int, float] = field(default_factory=dict)
    _offset: int = 0

    def update(self) -> NetworkHistory:
        """Read the events that were added since the last call."""
        self._offset = fold.read(self.path, self._offset, self, wanted=_is_wanted)
        return self

    def add(self, event: Event) -> None:
        if event.kind == "sketch":
            self.sketches[int(event.facts["step"])] = event.line
        elif event.kind == "metrics":
            steps, values = event.facts["series"]["val_accuracy"]
            self.accuracies |= zip(steps, map(number_from_json, values), strict=True)

    def rewind(self, step: int) -> None:
        self.sketches = {at: found for at, found in self.sketches.items() if at <= step}
        self.accuracies = {at: found for at, found in self.accuracies.items() if at <= step}


def _is_wanted(line: bytes) -> bool:
    head = line[: fold.HEAD]
    return SKETCH in head or (METRICS in head and VALIDATED in line)


def history(session_cache: SessionCache, request: HistoryRequest) -> RecordedHistory:
    """Raises RunNotFound, and RunRefused for a step without a `sketch` event."""
    run, step = request.run, request.step
    folder, _ = folder_of(session_cache, run)
    found = session_cache.get(("mnist.history", run), lambda: NetworkHistory(folder.events)).update()
    steps = sorted(found.sketches)
    if step is not None and step not in found.sketches:
        near = min(steps, key=lambda other: abs(other - step), default=None)
        remedy = (
            "Snapshots are recorded during training." if near is None else f"The nearest is of step {near}."
        )
        raise RunRefused(f"{run} has no snapshot of step {step}.", remedy)
    shown = step if step is not None else steps[-1] if steps else None
    return RecordedHistory(
        run,
        [RecordedStep(one, found.accuracies.get(one)) for one in steps],
        shown,
        {} if shown is None else events.parse(found.sketches[shown]).facts["parts"],
    )
