"""The aids: name, title, lecture, kind, drawing, how it is computed, its source and its place in the lab.

An aid is the module of its name: `PARAMS` is its dataclass of parameters, `VALUES` tells its values in words,
`compute` makes an `Aid`. Importing this file imports none of them.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.result import Aid
from engine.errors import InputError
from engine.params import Param, ParamSet, build, declared


@dataclass(frozen=True, slots=True)
class AidEntry:
    name: str
    title: str
    lecture: int
    drawing: str
    """one of `engine.aids.drawings.DRAWINGS`"""
    how: str
    """how it is computed, as formulas"""
    source: str = ""
    lab: str = ""
    """tab and view of the app that has the thing itself, empty for none"""
    kind: str = "toy"
    """toy, run (looks into a run of the learner) or background (is a run)"""


class AidModule(Protocol):
    PARAMS: type[ParamSet]
    VALUES: dict[str, str]

    def compute(self, params: Any, seed: int) -> Aid: ...


AIDS = (
    AidEntry(
        "neuron", "One neuron", 1, "net", "z = w1 x1 + w2 x2 + b, a = φ(z), da/dw = φ'(z) x", "goodfellow16"
    ),
    AidEntry(
        "activations",
        "Activations and their slopes",
        1,
        "curves",
        "φ and φ' over z; the largest slope and the least value by search on a fine grid",
        "goodfellow16",
    ),
    AidEntry(
        "stepper",
        "Forward, backward, step",
        1,
        "net",
        "2-2-1 network; gradients of (y - t)² / 2 by the chain rule; step: w - lr dL/dw",
        "goodfellow16",
    ),
    AidEntry("hebb", "Hebb and Oja", 1, "curves", "Δw = η y x; Oja: Δw = η y (x - y w)", "oja82"),
    AidEntry(
        "gate_lab",
        "Gates by hand",
        2,
        "plane",
        "a unit fires where w1 x1 + w2 x2 + b > 0; output σ(z / T) with a small T",
        "hassoun95",
        "xor by hand",
    ),
    AidEntry(
        "census",
        "Which functions one unit can do",
        2,
        "table",
        "the truth tables of all units with whole weights up to 3 and thresholds between",
        "hassoun95",
    ),
    AidEntry(
        "builder",
        "Any truth table built",
        2,
        "net",
        "a unit for each row that is 1: weights ±1, bias ½ - ones of the row; the output is their OR",
        "mcculloch43",
    ),
    AidEntry(
        "ladder",
        "The XOR ladder",
        2,
        "bars",
        "one monotone unit: outputs that never fall along a projection, best of all projections",
        "sprinkhuizen96",
        "xor least loss",
    ),
    AidEntry(
        "temperature",
        "From sigmoid to threshold",
        2,
        "curves",
        "σ(z / T), slope σ'(z / T) / T, at zero 1 / (4 T)",
        "goodfellow16",
        "xor by hand",
    ),
    AidEntry(
        "perceptron",
        "Perceptron, mistake by mistake",
        3,
        "plane",
        "Δw = λ (t - y) x after each mistake; at most (R / γ)² of them",
        "novikoff62",
    ),
    AidEntry(
        "rate",
        "Does the rate matter?",
        3,
        "bars",
        "the rule at rates .01, 1 and 100, on the same examples from the same start",
        "novikoff62",
    ),
    AidEntry(
        "capacity",
        "Capacity",
        3,
        "curves",
        "C(P, N) / 2^P, C(P, N) = 2 Σ binom(P - 1, k) over k < N; random labelings beside it",
        "cover65",
    ),
    AidEntry(
        "xor_cycles",
        "A rule that never settles",
        3,
        "curves",
        "the rule on the four rows of XOR, 60 epochs; the pocket keeps the weights with most rows right",
        "minsky69",
    ),
    AidEntry(
        "descent",
        "Paths on a surface",
        4,
        "field",
        "v = β v + g, p - lr v; Nesterov p - lr (g + β v); Adam; bowl and valley (x² + k y²) / 2",
        "goh17",
    ),
    AidEntry(
        "losses",
        "Two losses, two gradients",
        4,
        "curves",
        "cross-entropy: p - t; half squared error: (p - t) p (1 - p)",
        "goodfellow16",
    ),
    AidEntry(
        "softmax",
        "Softmax bench",
        4,
        "bars",
        "p = softmax(z / T), loss -ln p of the right class, slope (p - y) / T",
        "goodfellow16",
    ),
    AidEntry(
        "batch_noise",
        "Noise of a batch",
        4,
        "curves",
        "rms distance of batch gradients from the full one, 2,048 examples of a linear unit",
        "goodfellow16",
    ),
    AidEntry(
        "chain_graph",
        "Chain rule as a graph",
        4,
        "tree",
        "local derivatives multiplied along each path back, and added over paths",
        "goodfellow16",
    ),
    AidEntry(
        "flow",
        "Gradients through depth",
        5,
        "bars",
        "‖dL/dW‖ by layer: random inputs and targets, biases zero, one pass back",
        "glorot10",
    ),
    AidEntry(
        "delta",
        "Deltas by hand",
        5,
        "net",
        "δ2 = (a2 - t) φ'(z2) / n, δ1 = (δ2 W2) φ'(z1), dW = δᵀ a; beside central differences",
        "goodfellow16",
    ),
    AidEntry(
        "grad_check",
        "Find the wrong gradient",
        5,
        "table",
        "‖g - d‖ / (‖g‖ + ‖d‖) of gradients g and central differences d, group by group",
        "goodfellow16",
    ),
    AidEntry(
        "normalise",
        "Raw against standardised pixels",
        5,
        "bars",
        "share of tanh outputs beyond .99: 64 pictures of strokes, 784 inputs, Xavier weights",
        "glorot10",
    ),
    AidEntry(
        "residual",
        "With and without a skip",
        5,
        "bars",
        "h + f(h) around each layer, or h + f(norm h), beside f(h) alone",
        "he16",
    ),
    AidEntry(
        "failure_map",
        "200 networks at once",
        8,
        "heat",
        "sigmoid units, Adam .05, 3,000 epochs of all four rows, Xavier, 200 seeds",
        "sprinkhuizen96",
        "xor failure map",
    ),
    AidEntry(
        "dead_units",
        "Dead units",
        8,
        "bars",
        "units without a slope on all 200 points; two spirals, 2-64-64-64-1, He, full batch",
        "lu20",
    ),
    AidEntry(
        "double_well", "Does momentum hop?", 8, "curves", "v = β v + g, x - lr v on x⁴ - 4x² + x", "goh17"
    ),
    AidEntry(
        "dropout", "Dropout masks", 8, "heat", "training: mask / (1 - p); evaluation: nothing", "srivastava14"
    ),
    AidEntry(
        "l1_l2",
        "Sparse or small",
        8,
        "bars",
        "full-batch descent on 200 examples of 20 inputs, 3 of which count",
        "loshchilov19",
    ),
    AidEntry(
        "kernel",
        "A kernel by hand",
        6,
        "pictures",
        "window times kernel, summed at every place; flipped for a convolution",
        "goodfellow16",
        "mnist draw",
    ),
    AidEntry(
        "receptive",
        "Receptive field",
        6,
        "table",
        "r + (k - 1) j, j s from layer to layer; and places followed back from one unit",
        "goodfellow16",
    ),
    AidEntry(
        "horizon",
        "How far memory reaches",
        7,
        "curves",
        "ρ^t, and σ(bias)^t for the cell of an LSTM",
        "pascanu13",
    ),
    AidEntry("clipping", "Clip the norm", 7, "curves", "g min(1, c / ‖g‖)", "pascanu13"),
    AidEntry(
        "qkv",
        "Query, key, value",
        9,
        "heat",
        "softmax(Q Kᵀ / √d + mask) V of four words with two numbers each",
        "vaswani17",
    ),
    AidEntry(
        "sqrt_d",
        "Why divide by root d",
        9,
        "curves",
        "variance of q·k, entropy of a softmax over 512 random keys",
        "vaswani17",
    ),
    AidEntry(
        "positions",
        "Positions",
        9,
        "heat",
        "sin and cos of place 10000^(-2i/d), their products; attention with words permuted",
        "vaswani17",
    ),
    AidEntry(
        "beam",
        "Beam as a tree",
        9,
        "tree",
        "the likeliest beginnings are kept; score ln p / ((5 + n) / 6)^α",
        "stahlberg19",
        "repl",
    ),
    AidEntry(
        "ledger",
        "What layers cost",
        6,
        "table",
        "convolution k² c n, separable k² c + c n, dense (side² c) (side² n); biases n",
        "goodfellow16",
    ),
    AidEntry(
        "shift",
        "Move the picture",
        6,
        "pictures",
        "max-pool of a random picture before and after it moves to the right",
        "zhang19",
        "mnist robustness",
    ),
    AidEntry(
        "sampler",
        "Temperature, top-k, perplexity",
        7,
        "bars",
        "softmax(z / T) of the k likeliest; exp(Σ loss of words / places)",
        "goodfellow16",
        "repl",
    ),
    AidEntry(
        "weight_image",
        "Weights as a picture",
        3,
        "pictures",
        "the perceptron rule on 200 pictures of ten digits, one digit against the others",
        "novikoff62",
        "mnist filters",
        "run",
    ),
    AidEntry(
        "loss_slice",
        "Slice of your own loss",
        4,
        "field",
        "L(θ + a d1 + b d2), random directions with rows as long as those of the weights",
        "goodfellow16",
        "runs",
        "run",
    ),
    AidEntry(
        "filters",
        "Filters forming in your run",
        6,
        "pictures",
        "k - lr dL/dk, L the mean squared difference of maps; map max(0, picture * k)",
        "goodfellow16",
        "mnist filters",
        "run",
    ),
    AidEntry(
        "augment",
        "Augmented digits",
        6,
        "pictures",
        "moved by whole dots, normal noise; probabilities by cosines with ten digits",
        "goodfellow16",
        "mnist draw",
    ),
    AidEntry(
        "unroll",
        "Unrolled in time",
        7,
        "heat",
        "δh = Uᵀ δz, δc = δc f + δh o (1 - tanh² c), from the last word back; beside central differences",
        "pascanu13",
        "",
        "run",
    ),
    AidEntry(
        "gates",
        "Gates, word by word",
        7,
        "curves",
        "c = f c + i g, h = o tanh c, gates σ of their biases and the word",
        "goodfellow16",
        "repl",
        "run",
    ),
    AidEntry(
        "leak",
        "Leak detector",
        7,
        "bars",
        "V^(1 - s), s the share of targets that were read before; random words",
        "goodfellow16",
        "runs",
        "background",
    ),
    AidEntry(
        "seq2seq",
        "Encoder, decoder, attention between",
        7,
        "heat",
        "one vector Σ word · signs of its place, asked with the signs; or softmax(β q k) over all places",
        "vaswani17",
    ),
    AidEntry(
        "early_stop",
        "Early stopping replayed",
        8,
        "curves",
        "stops where no epoch within the patience is more than the gain below the best before",
        "goodfellow16",
        "runs",
        "run",
    ),
    AidEntry(
        "transfer",
        "Begin with trained weights",
        8,
        "curves",
        "loss |w0 - w|² (1 - lr)^(2 t) / 2 on inputs without a direction of their own",
        "goodfellow16",
        "runs",
        "run",
    ),
    AidEntry(
        "attention",
        "Attention of your transformer",
        9,
        "heat",
        "softmax(β q k) of heads by hand, later words hidden",
        "vaswani17",
        "repl",
        "run",
    ),
    AidEntry(
        "block",
        "Through a transformer block",
        9,
        "table",
        "x + attention(norm x), x + layers(norm x); the output layer reads words off behind each",
        "vaswani17",
        "repl",
        "run",
    ),
    AidEntry(
        "cost",
        "What length costs",
        9,
        "curves",
        "4 T d² + 2 T² d against 8 T d² multiply-adds; 4 T² bytes a head; or the time of both on one core",
        "vaswani17",
    ),
)
_BY_NAME = {entry.name: entry for entry in AIDS}


def entry(name: str) -> AidEntry:
    """Raises InputError for an unknown name."""
    if name not in _BY_NAME:
        raise InputError(f"aid: expected one of {', '.join(_BY_NAME)}, got {name[:80]!r}.")
    return _BY_NAME[name]


def module(name: str) -> AidModule:
    return cast(AidModule, importlib.import_module(f"engine.aids.{entry(name).name}"))


def parameters(name: str) -> tuple[Param, ...]:
    return declared(module(name).PARAMS)


def values_in_words(name: str) -> dict[str, str]:
    """What each value is, by its name."""
    return module(name).VALUES


def compute(name: str, given: Mapping[str, object], seed: int = 0) -> Aid:
    """The aid for values as text or JSON; the others are at their defaults.

    Raises InputError for an unknown aid, ParamError for a parameter it lacks or a value out of bounds.
    """
    return finish(computing(name, given, seed))


def computing(name: str, given: Mapping[str, object], seed: int = 0) -> Pieces[Aid]:
    """As `compute`, in pieces of about 10 ms where its module has `computing`; else in one."""
    loaded = module(name)
    params = build(loaded.PARAMS, given)
    limits = _threads()
    in_pieces = getattr(loaded, "computing", None)
    if in_pieces is None:
        with limits.limit(limits=1):  # small matrices on many threads wait for each other
            return loaded.compute(params, seed)
    pieces: Pieces[Aid] = in_pieces(params, seed)
    while True:
        with limits.limit(limits=1):
            try:
                done = next(pieces)
            except StopIteration as end:
                made: Aid = end.value
                return made
        yield done


@functools.cache
def _threads() -> Any:
    """The libraries that compute on threads; looked for once, after an aid has loaded them."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


START_WITH: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "attention": ("lm", {"model": "transformer"}),
    "block": ("lm", {"model": "transformer"}),
    "gates": ("lm", {}),
    "early_stop": ("mnist", {}),
    "unroll": ("lm", {}),
    "filters": ("mnist", {}),
    "leak": ("leak", {}),
    "weight_image": ("mnist", {"model": "logistic"}),
    "loss_slice": ("xor", {}),
    "transfer": ("lm", {}),
}
"""experiment and parameters of a run that fits, by aid"""
MORE_OPTIONS = {"transfer": ("--begin RUN@best",)}
"""options of `dltui run` that such a run needs and whose value only the learner knows"""


def command_of(name: str) -> str:
    experiment, settings = START_WITH[name]
    return " ".join(
        [
            "dltui run",
            experiment,
            *(f"--set {key}={value}" for key, value in settings.items()),
            *MORE_OPTIONS.get(name, ()),
        ]
    )
