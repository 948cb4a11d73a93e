"""Methods `xor.*` (engine.session_protocol.xor): one XOR network, and presets to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError
from engine.models.xor import xor_net, xor_presets
from engine.models.xor.xor_net import Floats, XorNet
from engine.models.xor.xor_presets import Preset
from engine.session.cache import SessionCache
from engine.session.methods import Handler
from engine.session_protocol.xor import (
    HiddenUnit,
    LeastXorLoss,
    LineEnds,
    LookPoint,
    LookRequest,
    PresetsRequest,
    TaskWeights,
    TruthRow,
    WholeNet,
    XorLook,
    XorLosses,
    XorPreset,
    XorPresets,
    XorPuzzle,
    XorWeights,
)

SIDE_LIMIT = 400
"""cells of the plane along one side"""


def look(session_cache: SessionCache, request: LookRequest) -> XorLook:
    """Raises ParamError."""
    return describe(request, _targets(request.targets), request.width, request.height)


def describe(weights: XorWeights, targets: Floats, width: int, height: int) -> XorLook:
    """Raises ParamError for weights that make no network, and for a size of the plane out of range."""
    for name, side in (("width", width), ("height", height)):
        if not 1 <= side <= SIDE_LIMIT:
            raise ParamError(f"{name}: expected a whole number from 1 to {SIDE_LIMIT}, got {str(side)[:80]}.")
    net = xor_net.net(**{field.name: getattr(weights, field.name) for field in fields(XorWeights)})
    output = net.output(xor_net.ROWS)
    right = _right(output, targets)
    return XorLook(
        rows=_rows(net, targets, output),
        points=_points(net, targets),
        losses=_losses(net, targets),
        right=int(right.sum()),
        undecided=int((output == 0.5).sum()),
        plane=[[round(value, 6) for value in row] for row in xor_net.plane(net, width, height).tolist()],
        units=_units(net),
        output=WholeNet(xor_net.gate_of(net.logits(xor_net.ROWS)), _own_line(net)),
    )


def presets(session_cache: SessionCache, request: PresetsRequest) -> XorPresets:
    return XorPresets(
        [XorPreset(preset.name, preset.note, _weights(preset)) for preset in xor_presets.BY_HAND],
        [
            XorPuzzle(puzzle.name, puzzle.note, _weights(puzzle), puzzle.targets)
            for puzzle in xor_presets.PUZZLES
        ],
        [LeastXorLoss(least.hidden, least.bypass, least.floor, least.note) for least in xor_presets.LADDER],
    )


def _weights(preset: Preset) -> TaskWeights:
    return TaskWeights(**{field.name: getattr(preset, field.name) for field in fields(TaskWeights)})


def _targets(given: Sequence[float]) -> Floats:
    if len(given) != 4 or any(target not in (0, 1) for target in given):
        raise ParamError(f"targets: expected four times 0 or 1, got {str(given)[:80]}.")
    return np.array(given, dtype=np.float64)


def _right(output: Floats, targets: Floats) -> NDArray[np.bool_]:
    """An output of exactly one half is right for no target."""
    right: NDArray[np.bool_] = ((output > 0.5) == (targets > 0.5)) & (output != 0.5)
    return right


def _is_xor(targets: Floats) -> bool:
    return bool((targets == xor_net.TRUTH).all())


def _rows(net: XorNet, targets: Floats, output: Floats) -> list[TruthRow]:
    hidden, right = net.hidden(xor_net.ROWS), _right(output, targets)
    return [
        TruthRow(
            xor_net.ROWS[row].tolist(), float(targets[row]), float(output[row]), hidden[row].tolist(),
            bool(right[row]),
        )
        for row in range(4)
    ]  # fmt: skip


def _points(net: XorNet, targets: Floats) -> list[LookPoint]:
    near = xor_net.NEAR_TRUTH.tolist() if _is_xor(targets) else [None] * 4
    points = np.concatenate([xor_net.ROWS, xor_net.NEAR])
    all_targets = [*targets.tolist(), *near]
    return [
        LookPoint(point, target, output, index < 4)
        for index, (point, target, output) in enumerate(
            zip(points.tolist(), all_targets, net.output(points).tolist(), strict=True)
        )
    ]


def _losses(net: XorNet, targets: Floats) -> XorLosses:
    own = xor_net.losses(net, xor_net.ROWS, targets)
    points = np.concatenate([xor_net.ROWS, xor_net.NEAR])
    with_near = xor_net.losses(net, points, np.concatenate([targets, xor_net.NEAR_TRUTH]))
    return XorLosses(own.sse, own.mse, own.bce, with_near.bce if _is_xor(targets) else None)


def _units(net: XorNet) -> list[HiddenUnit]:
    outputs = net.hidden(xor_net.ROWS).T.tolist()
    gates = xor_net.unit_gates(net)
    lines = np.column_stack([net.hidden_weight, net.hidden_bias]).tolist()
    return [
        HiddenUnit(a, b, c, _ends(a, b, c), gate, values)
        for (a, b, c), gate, values in zip(lines, gates, outputs, strict=True)
    ]


def _own_line(net: XorNet) -> LineEnds | None:
    if len(net.hidden_bias):
        return None
    a, b = net.output_weight.tolist()
    return _ends(a, b, net.output_bias)


def _ends(a: float, b: float, c: float) -> LineEnds | None:
    clipped = xor_net.clipped(a, b, c)
    return (clipped[0], clipped[1]) if clipped else None


HANDLERS: Mapping[Any, Handler] = {LookRequest: look, PresetsRequest: presets}
