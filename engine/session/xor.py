"""Methods `xor.*`: outputs, losses and lines of one XOR network, and presets to start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError
from engine.models.xor import xor_net, xor_presets
from engine.models.xor.xor_net import Floats, XorNet
from engine.protocol import Json, number_to_json
from engine.session.cache import SessionCache
from engine.session.methods import Handler

SIDE_LIMIT = 400
"""cells of the plane along one side"""


def look(
    session_cache: SessionCache,
    hidden_weight: Sequence[Sequence[float]],
    hidden_bias: Sequence[float],
    output_weight: Sequence[float],
    output_bias: float,
    bypass: bool = False,
    activation: str = "btu",
    temperature: float = 0.001,
    width: int = 40,
    height: int = 40,
    targets: Sequence[float] = (0, 1, 1, 0),
) -> Json:
    """Outputs, losses, units and plane of a network.

    Parameters: `hidden_weight` k pairs [weight of the first input, of the second], `hidden_bias` k numbers,
    `output_weight` k numbers, with bypass the two of the inputs in front of them, `output_bias`; `activation`
    btu, sigmoid, tanh or relu; `targets` of the rows (0,0), (0,1), (1,0), (1,1): those of a puzzle.
    Raises ParamError.

    Response:
      rows     4 x {inputs [x, y], target, output (probability), hidden [k outputs], is_right}; an output of
               one half is right for no target
      points   8 x {inputs [x, y], target or null, output, is_row}: the rows, then the 4 validation points,
               whose target is null when `targets` are not those of XOR
      losses   {sse, mse, bce} over the 4 rows; bce is the mean in nats; val_bce over the 8 points, or null
      right    rows on the right side of one half, 0 to 4; undecided   those exactly at it
      plane    `height` rows of `width` probabilities, top row first, over [-0.5, 1.5] both ways
      units    k x {a, b, c, ends, gate, outputs [4]}: the line a x + b y + c = 0 (on where it is above 0),
               `ends` [[x, y], [x, y]] of it within the square or null, the gate it has become, or undecided
      output   {gate, ends}: of the whole network; ends only without hidden units
    """
    net = xor_net.net(hidden_weight, hidden_bias, output_weight, output_bias, bypass, activation, temperature)
    checked = _targets(targets)
    for name, side in (("width", width), ("height", height)):
        if not isinstance(side, int) or not 1 <= side <= SIDE_LIMIT:
            raise ParamError(f"{name}: expected a whole number from 1 to {SIDE_LIMIT}, got {str(side)[:80]}.")
    return describe(net, checked, width, height)


def describe(net: XorNet, targets: Floats, width: int, height: int) -> Json:
    """The response of `xor.look`."""
    output = net.output(xor_net.ROWS)
    right = _right(output, targets)
    return {
        "rows": _rows(net, targets, output),
        "points": _points(net, targets),
        "losses": _losses(net, targets),
        "right": int(right.sum()),
        "undecided": int((output == 0.5).sum()),
        "plane": [[round(value, 6) for value in row] for row in xor_net.plane(net, width, height).tolist()],
        "units": _units(net),
        "output": {"gate": xor_net.gate_of(net.logits(xor_net.ROWS)), "ends": _own_line(net)},
    }


def presets(session_cache: SessionCache) -> Json:
    """Networks to start from.

    Response:
      networks  3 x {name, note, net}: set by hand, thresholds, loss 0.0; `net` holds the parameters of
                `xor.look` except the size
      puzzles   5 x {name, targets [4], note, net}: to be solved by hand from weights of zero
      ladder    4 x {hidden, bypass, floor, note}: the least cross-entropy in nats such a network can approach
    """
    return {
        "networks": [preset.to_json() for preset in xor_presets.BY_HAND],
        "puzzles": [{**puzzle.to_json(), "targets": list(puzzle.targets)} for puzzle in xor_presets.PUZZLES],
        "ladder": [
            {"hidden": rung.hidden, "bypass": rung.bypass, "floor": rung.floor, "note": rung.note}
            for rung in xor_presets.LADDER
        ],
    }


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


def _rows(net: XorNet, targets: Floats, output: Floats) -> list[Json]:
    hidden, right = net.hidden(xor_net.ROWS), _right(output, targets)
    return [
        {
            "inputs": xor_net.ROWS[row].tolist(),
            "target": float(targets[row]),
            "output": float(output[row]),
            "hidden": hidden[row].tolist(),
            "is_right": bool(right[row]),
        }
        for row in range(4)
    ]


def _points(net: XorNet, targets: Floats) -> list[Json]:
    near = xor_net.NEAR_TRUTH.tolist() if _is_xor(targets) else [None] * 4
    points = np.concatenate([xor_net.ROWS, xor_net.NEAR])
    all_targets = [*targets.tolist(), *near]
    return [
        {"inputs": point, "target": target, "output": output, "is_row": index < 4}
        for index, (point, target, output) in enumerate(
            zip(points.tolist(), all_targets, net.output(points).tolist(), strict=True)
        )
    ]


def _losses(net: XorNet, targets: Floats) -> Json:
    own = xor_net.losses(net, xor_net.ROWS, targets)
    points = np.concatenate([xor_net.ROWS, xor_net.NEAR])
    with_near = xor_net.losses(net, points, np.concatenate([targets, xor_net.NEAR_TRUTH]))
    return {
        "sse": number_to_json(own.sse),
        "mse": number_to_json(own.mse),
        "bce": number_to_json(own.bce),
        "val_bce": number_to_json(with_near.bce) if _is_xor(targets) else None,
    }


def _units(net: XorNet) -> list[Json]:
    outputs = net.hidden(xor_net.ROWS).T.tolist()
    gates = xor_net.unit_gates(net)
    lines = np.column_stack([net.hidden_weight, net.hidden_bias]).tolist()
    return [
        {"a": a, "b": b, "c": c, "ends": xor_net.clipped(a, b, c), "gate": gate, "outputs": values}
        for (a, b, c), gate, values in zip(lines, gates, outputs, strict=True)
    ]


def _own_line(net: XorNet) -> list[list[float]] | None:
    if len(net.hidden_bias):
        return None
    a, b = net.output_weight.tolist()
    return xor_net.clipped(a, b, net.output_bias)


METHODS: Mapping[str, Handler] = {"look": look, "presets": presets}
