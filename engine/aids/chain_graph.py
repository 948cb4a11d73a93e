"""The chain rule as a graph: an expression, its local derivatives, and gradients that flow back."""

from __future__ import annotations

from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.expressions import ExpressionNode, backward, forward, parse_expression
from engine.aids.result import Aid
from engine.params import number, text


@dataclass(frozen=True, slots=True)
class ChainGraphParams:
    expression: str = text("sigmoid(x * y + z)", "Expression of x, y and z.")
    x: float = number(1.0, "Value of x.", least=-100, most=100)
    y: float = number(2.0, "Value of y.", least=-100, most=100)
    z: float = number(-1.0, "Value of z.", least=-100, most=100)

    def check(self) -> None:
        forward(parse_expression(self.expression), {"x": self.x, "y": self.y, "z": self.z})


PARAMS = ChainGraphParams
VALUES = {
    "value": "value of the expression",
    "dx": "its derivative by x",
    "dy": "its derivative by y",
    "dz": "its derivative by z",
    "operations": "operations in the graph",
}


def compute(params: ChainGraphParams, seed: int) -> Aid:
    root = parse_expression(params.expression)
    value = forward(root, {"x": params.x, "y": params.y, "z": params.z})
    slopes = backward(root)
    nodes: list[tuple[int, int, str, float]] = []
    _number(root, -1, nodes)
    values = {
        "value": value,
        **{f"d{name}": float(slopes.get(name, 0.0)) for name in ("x", "y", "z")},
        "operations": float(sum(bool(one.inputs) for one in _all(root))),
    }
    return Aid(values, drawings.tree(nodes))


def _number(node: ExpressionNode, parent: int, nodes: list[tuple[int, int, str, float]]) -> None:
    number = len(nodes)
    nodes.append(
        (number, parent, f"{node.text}  = {node.value:.4g}, gradient {node.gradient:.4g}", node.value)
    )
    for one in node.inputs:
        _number(one, number, nodes)


def _all(node: ExpressionNode) -> list[ExpressionNode]:
    return [node, *(found for one in node.inputs for found in _all(one))]
