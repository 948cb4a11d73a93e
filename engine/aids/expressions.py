"""Expressions as they are typed, read by a grammar of our own: never evaluated as Python.

sum = product {(+ | -) product};  product = power {(* | /) power};  power = [-] atom [^ power]
atom = number | x | y | z | FUNCTION ( sum ) | ( sum )
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import ParamError

LONGEST, DEEPEST = 200, 30
VARIABLES = ("x", "y", "z")
FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda a: 1 / a),
    "sin": (math.sin, math.cos),
    "cos": (math.cos, lambda a: -math.sin(a)),
    "tanh": (math.tanh, lambda a: 1 - math.tanh(a) ** 2),
    "sigmoid": (lambda a: 1 / (1 + math.exp(-a)), lambda a: math.exp(-a) / (1 + math.exp(-a)) ** 2),
    "relu": (lambda a: max(a, 0.0), lambda a: float(a > 0)),
    "sqrt": (math.sqrt, lambda a: 1 / (2 * math.sqrt(a))),
}
"""by name: the function and its derivative"""
_TOKEN = re.compile(r"\s*(\d+\.?\d*|\.\d+|[a-z]+|[-+*/^()])")


@dataclass(slots=True)
class ExpressionNode:
    """An operation, its inputs, and for each input the derivative of this node by it."""

    text: str
    inputs: list[ExpressionNode] = field(default_factory=list)
    value: float = 0.0
    local: list[float] = field(default_factory=list)
    gradient: float = 0.0
    """of the whole expression by this node"""


def parse_expression(given: str) -> ExpressionNode:
    """Raises ParamError in one line."""
    if len(given) > LONGEST:
        raise ParamError(f"expression: expected at most {LONGEST} characters, got {len(given):,}.")
    tokens, at, text = [], 0, given.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _refused(text[at : at + 20])
        tokens.append(found[1])
        at = found.end()
    reader = _ExpressionReader(tokens)
    node = reader.sum(0)
    if reader.tokens:
        raise _refused(reader.tokens[0])
    return node


def _refused(got: str) -> ParamError:
    plain = re.sub(r"[^\x20-\x7e]", "?", got) or "its end"
    return ParamError(
        f"expression: expected numbers, x, y, z, + - * / ^ ( ) and {', '.join(FUNCTIONS)}, got {plain!r}."
    )


class _ExpressionReader:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def sum(self, depth: int) -> ExpressionNode:
        node = self.product(depth)
        while self.tokens and self.tokens[0] in "+-":
            node = ExpressionNode(self.tokens.pop(0), [node, self.product(depth)])
        return node

    def product(self, depth: int) -> ExpressionNode:
        node = self.power(depth)
        while self.tokens and self.tokens[0] in "*/":
            node = ExpressionNode(self.tokens.pop(0), [node, self.power(depth)])
        return node

    def power(self, depth: int) -> ExpressionNode:
        if depth > DEEPEST:
            raise ParamError(f"expression: expected at most {DEEPEST} operations in each other, got more.")
        if self.tokens and self.tokens[0] == "-":
            self.tokens.pop(0)
            return ExpressionNode("neg", [self.power(depth + 1)])
        node = self.atom(depth)
        if self.tokens and self.tokens[0] == "^":
            self.tokens.pop(0)
            return ExpressionNode("^", [node, self.power(depth + 1)])
        return node

    def atom(self, depth: int) -> ExpressionNode:
        token = self.tokens.pop(0) if self.tokens else ""
        if token in VARIABLES or token[:1].isdigit() or token[:1] == ".":
            return ExpressionNode(token)
        if token in FUNCTIONS or token == "(":
            if token != "(" and (not self.tokens or self.tokens.pop(0) != "("):
                raise _refused(token)
            node = self.sum(depth + 1)
            if not self.tokens or self.tokens.pop(0) != ")":
                raise _refused("")
            return node if token == "(" else ExpressionNode(token, [node])
        raise _refused(token)


def forward(node: ExpressionNode, given: dict[str, float]) -> float:
    """Values and local derivatives. Raises ParamError where it has no value."""
    for one in node.inputs:
        forward(one, given)
    a = [one.value for one in node.inputs]
    try:
        node.value, node.local = _operation(node.text, a, given)
    except (ArithmeticError, ValueError) as error:
        raise ParamError(f"expression: expected a value of {node.text}, got {error}.") from error
    if not all(map(math.isfinite, (node.value, *node.local))):
        raise ParamError(f"expression: expected a finite value of {node.text}, got {node.value:g}.")
    return node.value


def _operation(text: str, a: list[float], given: dict[str, float]) -> tuple[float, list[float]]:
    if text in given:
        return given[text], []
    if not a:
        return float(text), []
    if text == "neg":
        return -a[0], [-1.0]
    if text in FUNCTIONS:
        return FUNCTIONS[text][0](a[0]), [FUNCTIONS[text][1](a[0])]
    left, right = a
    if text == "+":
        return left + right, [1.0, 1.0]
    if text == "-":
        return left - right, [1.0, -1.0]
    if text == "*":
        return left * right, [right, left]
    if text == "/":
        return left / right, [1 / right, -left / right**2]
    value = left**right
    if isinstance(value, complex):
        raise ValueError("a negative number to a broken power")
    slope = right * left ** (right - 1) if right else 0.0
    return value, [slope, value * math.log(left) if left > 0 else 0.0]


def backward(node: ExpressionNode, gradient: float = 1.0) -> dict[str, float]:
    """The derivative by each variable: local derivatives multiplied along each path, and paths added."""
    node.gradient = gradient
    found: dict[str, float] = {node.text: gradient} if node.text in VARIABLES else {}
    for one, local in zip(node.inputs, node.local, strict=True):
        for name, value in backward(one, gradient * local).items():
            found[name] = found.get(name, 0.0) + value
    return found
