"""The experiments of dltui: the parameters of each, its title, metrics and training function; and suites."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from engine import axes, recipe_defaults
from engine.errors import ParamError
from engine.experiment import Experiment, Suite
from engine.params import Value, choice, flag, number, text

BATCH_ACTIVATIONS = ("btu", "sigmoid", "tanh", "relu")
"""those that a batch of networks can train"""
XOR_ACTIVATIONS = (*BATCH_ACTIVATIONS, "silu")


@dataclass(frozen=True, slots=True)
class XorParams:
    SHAPING: ClassVar[tuple[str, ...]] = ("hidden", "bypass", "optimizer")
    """parameters that have to equal those of a run whose checkpoint this one begins with"""

    hidden: int = number(2, "hidden units", least=0, most=64)
    bypass: bool = flag(False, "connect the two inputs to the output unit as well")
    activation: str = choice("btu", "activation function of the hidden units", XOR_ACTIVATIONS)
    temperature: float = number(0.5, "T of the activation btu: 1 / (1 + exp(-z / T))", above=0, most=100)
    loss: str = choice("bce", "loss function: binary cross-entropy or mean squared error", ("bce", "mse"))
    optimizer: str = choice("adam", "optimizer", ("sgd", "momentum", "adam"))
    lr: float = number(0.01, "learning rate", least=0, most=100, log=True, live=True)
    epochs: int = number(1000, "passes over the four training points", least=1, most=10_000_000, log=True)
    initial: str = choice("linear", "distribution of the initial weights", ("linear", "xavier"))
    validation: str = choice("none", "validation set: none, or the course's 8 points", ("none", "notebook"))
    patience: int | None = number(
        None, "early stopping: epochs without a better validation loss", least=1, word="never"
    )
    min_delta: float = number(
        1e-4, "early stopping: smallest decrease of the validation loss that counts", least=0
    )
    target: float = number(0.2, "early stopping: only below this validation loss", above=0)

    def check(self) -> None:
        if self.hidden == 0 and not self.bypass:
            raise ParamError(
                "hidden: expected 1 or more while bypass is off, got 0: the output unit would have no input.",
                "Set hidden=1 or bypass=yes.",
            )
        if self.patience and self.validation == "none":
            raise ParamError("patience: early stopping needs validation points.", "Set validation=notebook.")

    def why_not_logged(self, metric: str) -> str:
        """Why a run of these parameters does not log `metric`; empty where it does."""
        needs = metric == "val_loss" and self.validation == "none"
        return "needs validation points: validation=notebook" if needs else ""


XOR = Experiment(
    name="xor",
    title="XOR: the smallest problem that needs a hidden layer",
    claim="Two hidden units reach a loss below 0.1 in 1,000 epochs, about a second.",
    framework="torch",
    params=XorParams,
    train="engine.experiments.xor:train",
    best="loss",
    metrics=("loss", "accuracy", "val_loss"),
)


BATCH_METRICS = ("median_loss", "solved", "running", "successes", "fails")
WEIGHT_LIMIT = 8_000_000
"""most weights of a batch; its checkpoints hold each up to three times"""
TRAINER_HELP = "training code: compiled by Numba whichever is named; for runs of earlier versions"


@dataclass(frozen=True)
class BatchAxes:
    """Parameters of a batch of networks; a base class, so that they come before those of `xor`."""

    axes: str = text(
        "hidden=1..4; seed=1..1000", "parameters that vary, such as lr=0.1,0.01; hidden=1..4; seed=1..50"
    )
    draws: int | None = number(
        None,
        "number of random points of the axes, each with every seed; all: the whole grid",
        least=1, most=1_000_000, word="all",
    )  # fmt: skip
    trainer: str = choice("auto", TRAINER_HELP, ("auto", "compiled", "numpy"))


@dataclass(frozen=True, slots=True)
class XorBatchParams(XorParams, BatchAxes):
    """The parameters of `xor` hold for every network, except those that an axis varies."""

    SHAPING: ClassVar[tuple[str, ...]] = ("axes", "draws", "hidden", "bypass", "optimizer")

    lr: float = number(0.01, "learning rate", least=0, most=100, log=True)  # that of thousands is not live
    stop: int | None = number(
        None, "number of a network (from 1) to stop while the run trains", least=1, live=True,
        word="none",
    )  # fmt: skip

    def check(self) -> None:
        grid = {axis.name: axis for axis in axes.parse_axes(XOR, self.axes)}
        seeds = grid["seed"].values if "seed" in grid else ()
        points = self.draws * len(seeds or (1,)) if self.draws else axes.count(tuple(grid.values()))
        taken = {
            name: grid[name].values if name in grid else (getattr(self, name),)
            for name in ("hidden", "bypass", "patience", "validation")
        }
        activations = grid["activation"].values if "activation" in grid else (self.activation,)
        for activation in activations or ():
            if activation not in BATCH_ACTIVATIONS:
                raise ParamError(
                    f"activation: networks of a batch have {', '.join(BATCH_ACTIVATIONS)}, got {activation}.",
                    f"Train them one by one: dltui run xor --set activation={activation}",
                )
        kinds = list(itertools.product(*(values or () for values in taken.values())))
        for hidden, bypass, patience, validation in kinds:
            XorParams(hidden=hidden, bypass=bypass, patience=patience, validation=validation).check()
        weights = sum(4 * kind[0] + 2 * kind[1] + 1 for kind in kinds) * points // len(kinds)
        if weights > WEIGHT_LIMIT:
            raise ParamError(f"axes: expected at most {WEIGHT_LIMIT:,} weights in all, got {weights:,}.")


XOR_BATCH = Experiment(
    name="xor_batch",
    title="XOR: thousands of networks in one batched run",
    claim="4,000 networks, 1,000 epochs each, in a few seconds; a map shows which fail.",
    framework="numpy",
    params=XorBatchParams,
    train="engine.experiments.xor_batch:train",
    metrics=BATCH_METRICS,
    best="successes",
    goal="max",
    threads=2,
)


@dataclass(frozen=True, slots=True)
class XorGridParams:
    SHAPING: ClassVar[tuple[str, ...]] = ("runs",)

    epochs: int = number(
        40_000, "epochs at most; a network that needs more has failed", least=1, most=1_000_000, log=True
    )
    runs: int = number(15, "runs of each of the nine settings, at most", least=1, most=10_000)
    successes: int = number(10, "successful runs after which a setting is complete", least=1, most=10_000)
    trainer: str = choice("auto", TRAINER_HELP, ("auto", "compiled", "numpy"))


XOR_GRID = Experiment(
    name="xor_grid",
    title="XOR: the course's nine experiments",
    claim="Learning rate, hidden units and bypass varied: 135 networks in less than ten seconds.",
    framework="numpy",
    params=XorGridParams,
    train="engine.experiments.xor_grid:train",
    metrics=BATCH_METRICS,
    best="successes",
    goal="max",
    threads=2,
)


@dataclass(frozen=True, slots=True)
class MnistParams:
    SHAPING: ClassVar[tuple[str, ...]] = ("model",)

    model: str = choice(
        "double_conv",
        "network architecture",
        ("logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout"),
    )
    lr: float = number(0.001, "learning rate of Adam", least=0, most=10, log=True, live=True)
    batch: int = number(50, "images per step", least=1, most=10_000, log=True)
    epochs: int = number(20, "passes over the training images", least=1, most=10_000)
    iterations: int | None = number(
        None, "training steps at most; all: those of all epochs", least=1, word="all"
    )
    target: float | None = number(
        0.99, "validation accuracy that ends the run", above=0, most=1, word="never"
    )
    every: int | None = number(
        None, "training steps between validations; auto: one validation per epoch", least=1, word="auto"
    )


MNIST = Experiment(
    name="mnist",
    title="MNIST: from logistic regression to convolutions",
    claim="double_conv: 97.6 % validation accuracy after one epoch, 98.7 to 99 % within 20.",
    framework="torch",
    params=MnistParams,
    train="engine.experiments.mnist:train",
    metrics=("loss", "val_loss", "val_accuracy", "test_loss", "test_accuracy"),
    best="val_accuracy",
    goal="max",
    threads=2,
    reads_data=True,
)


@dataclass(frozen=True, slots=True)
class MnistRecipeParams:
    SHAPING: ClassVar[tuple[str, ...]] = ("recipe",)

    recipe: str = choice(
        "fast", "recipe: fast (99.2 % in seconds) or accurate (99.6 % in minutes)", ("fast", "accurate")
    )
    lr: float | None = number(
        None, "highest learning rate; auto: the recipe's", least=0, most=10, log=True, live=True,
        word="auto",
    )  # fmt: skip
    epochs: int | None = number(
        None, "passes over the training images; auto: the recipe's", least=1, most=10_000, word="auto"
    )
    every: int | None = number(
        None, "training steps between validations; auto: one validation per epoch", least=1, word="auto"
    )
    precision: str = choice(
        "auto",
        "precision of matrix products in training; auto: the faster of the two",
        ("auto", "fp32", "bf16"),
    )

    def effective(self) -> dict[str, Value]:
        proposed = recipe_defaults.MNIST[self.recipe]
        return {"lr": proposed.lr, "epochs": proposed.epochs}

    def check_longer(self, *, holds_last: bool) -> None:
        raise ParamError(
            "epochs: the run cannot be extended: its learning rate has fallen to 0.",
            "Start a new run with more epochs.",
        )


MNIST_RECIPE = Experiment(
    name="mnist_recipe",
    title="MNIST: fast recipe (99.2 %), accurate recipe (99.6 %)",
    claim="fast: 99.2 % of the test images in 8 s of processor time; accurate: 99.6 % in 5 minutes.",
    framework="torch",
    params=MnistRecipeParams,
    train="engine.experiments.mnist_recipe:train",
    metrics=(
        "loss",
        "val_loss",
        "val_accuracy",
        "test_loss",
        "test_accuracy",
        "test_accuracy_shifted",
    ),
    best="val_accuracy",
    goal="max",
    threads=2,
    reads_data=True,
)


@dataclass(frozen=True, slots=True)
class LmParams:
    SHAPING: ClassVar[tuple[str, ...]] = (
        "framework", "layers", "direction", "vocabulary", "tokeniser", "embedding", "hidden_size",
        "optimizer", "model", "heads", "positions",
    )  # fmt: skip

    model: str = choice("lstm", "LSTM, or causal transformer", ("lstm", "transformer"))
    framework: str = choice(
        "auto",
        "framework that trains: TensorFlow (Keras) or PyTorch; auto: Keras for the LSTM, PyTorch for the"
        " transformer",
        ("auto", "tensorflow", "torch"),
    )
    recipe: str = choice(
        "notebook",
        "values of what is auto or recipe below; tuned: dropout, tied weights, schedule",
        ("notebook", "tuned"),
    )
    layers: int = number(1, "layers of the LSTM (1 or 2), blocks of the transformer", least=1, most=12)
    heads: int = number(4, "attention heads of each block; the LSTM has none", least=1, most=64)
    positions: str = choice(
        "sinusoidal",
        "positions added to the word vectors of the transformer",
        ("sinusoidal", "learned", "none"),
    )
    direction: str = choice(
        "forward", "reading direction: first word to last, or last to first", ("forward", "reversed")
    )
    corpus: str = text("captions", "name of a corpus, or paths of text files with commas between them")
    vocabulary: int = number(
        10_000, "vocabulary size at most, with the four reserved words", least=5, most=200_000, log=True
    )
    tokeniser: str = choice(
        "plain", "tokeniser: punctuation removed (plain), or kept as words", ("plain", "punctuation")
    )
    embedding: int = number(300, "size of a word vector (embedding)", least=1, most=4096, log=True)
    hidden_size: int = number(
        256, "LSTM units per layer; the transformer's width is the embedding", least=1, most=4096, log=True
    )
    dropout: float | None = number(
        None,
        "dropout rate; of the LSTM one mask per sentence; auto: the recipe's",
        least=0,
        most=0.95,
        word="auto",
    )
    tied: str = choice(
        "recipe", "tied weights: one matrix for the embedding and the output layer", ("recipe", "yes", "no")
    )
    optimizer: str = choice("adam", "optimizer", ("adam", "momentum", "sgd"))
    lr: float | None = number(
        None, "learning rate; auto: the recipe's", least=0, most=100, log=True, live=True, word="auto"
    )
    schedule: str = choice(
        "recipe",
        "learning rate schedule; linear and cosine end at 0",
        ("recipe", "constant", "linear", "cosine"),
    )
    clip: float | str | None = number(
        None, "largest gradient norm (clipping); auto: the recipe's", above=0, most=1000, word="auto",
        texts=("off",),
    )  # fmt: skip
    batch: int = number(128, "sentences per step", least=1, most=8192, log=True)
    epochs: int = number(20, "passes over the sentences", least=1, most=10_000)
    patience: int | None = number(
        None,
        "early stopping: epochs without a better validation perplexity",
        least=1,
        most=1000,
        word="never",
    )
    keep: str = choice(
        "best", "final weights: those of the best epoch on validation, or of the last", ("best", "last")
    )
    begin: str = text("", "id of an lm run to take the initial weights from; empty: random")
    precision: str = choice(
        "auto",
        "precision of matrix products in training; auto: bf16 where it is faster",
        ("auto", "fp32", "bf16"),
    )

    @property
    def trained_in(self) -> str:
        """The framework: tensorflow or torch."""
        if self.framework != "auto":
            return self.framework
        return "torch" if self.model == "transformer" else "tensorflow"

    def check(self) -> None:
        """Raises ParamError for values that exclude each other."""
        if self.model == "lstm":
            if self.layers > 2:
                raise ParamError(
                    f"layers: an LSTM has 1 or 2, got {self.layers}.", "model=transformer: up to 12."
                )
            return
        if self.framework == "tensorflow":
            raise ParamError("framework: a transformer trains in PyTorch.", "Choose auto or torch.")
        if self.embedding % self.heads:
            raise ParamError(
                f"heads: they share the embedding, and {self.heads} do not divide {self.embedding}.",
                "For instance embedding=256 and heads=4.",
            )
        if self.tied == "no":
            raise ParamError("tied: the output layer of a transformer has the weights of the embedding.")

    def effective(self) -> dict[str, Value]:
        proposed = recipe_defaults.language_recipe(self.recipe, self.layers, self.model)
        return {"lr": proposed.lr, "dropout": proposed.dropout, "clip": proposed.clip}

    def check_longer(self, *, holds_last: bool) -> None:
        """Raises ParamError where more epochs would not equal a run that was longer from the start.

        `holds_last`: the newest checkpoint has the last weights, not those of the best epoch.
        """
        falls = self.schedule in ("linear", "cosine") or (self.recipe, self.schedule) == ("tuned", "recipe")
        if falls or (self.keep == "best" and not holds_last):
            why = (
                "its learning rate has fallen to 0"
                if falls
                else "its weights are those of its best epoch (keep=best)"
            )
            raise ParamError(
                f"epochs: the run cannot be extended: {why}.", "Start a new run with more epochs."
            )


LM = Experiment(
    name="lm",
    title="Language model: LSTM or transformer, forward or reversed",
    claim="One layer: a test perplexity of 33 on image captions, tuned below 28; minutes on two cores.",
    framework="tensorflow",
    params=LmParams,
    train="engine.experiments.lm:train",
    metrics=(
        "loss",
        "perplexity",
        "val_perplexity",
        "words_per_second",
        "train_perplexity",
        "test_perplexity",
    ),
    best="val_perplexity",
    threads=0,
    reads_data=True,
)


@dataclass(frozen=True, slots=True)
class RandomWordsParams:
    SHAPING: ClassVar[tuple[str, ...]] = ("words", "hidden")

    words: int = number(12, "words to draw from, each as likely as the others", least=2, most=1000, log=True)
    length: int = number(12, "words of a sentence", least=3, most=200)
    hidden: int = number(64, "size of the word vectors and of the LSTM", least=1, most=1024, log=True)
    lr: float = number(0.01, "learning rate of Adam", least=0, most=10, log=True, live=True)
    batch: int = number(64, "sentences per step, other ones in each", least=1, most=8192, log=True)
    steps: int = number(600, "training steps", least=1, most=1_000_000, log=True)
    every: int = number(20, "training steps between two measurements of perplexity", least=1)


LEAK = Experiment(
    name="leak",
    title="Leak detector: readers of random words, one of which sees its targets",
    claim="Of 12 random words the honest perplexity is 12; go_backwards is below 6 after ten seconds.",
    framework="torch",
    params=RandomWordsParams,
    train="engine.experiments.leak:train",
    metrics=("loss", *(f"perplexity_{name}" for name in ("forward", "reversed", "go_backwards"))),
    best="perplexity_go_backwards",
)


EXPERIMENTS: tuple[Experiment, ...] = (XOR, MNIST, MNIST_RECIPE, LM, XOR_BATCH, XOR_GRID, LEAK)


def _model_name(values: Mapping[str, Value]) -> str:
    """Such as `1 layer forward torch`."""
    layers, tuned = values["layers"], " tuned" if values["recipe"] == "tuned" else ""
    size = f"{layers} {'layer' if layers == 1 else 'layers'}"
    return f"{size} {values['direction']} {LM.framework_of(values)}{tuned}"


SUITES: tuple[Suite, ...] = (
    Suite(
        name="lm_four",
        title="The four language models of the course: one or two layers, forward or reversed",
        experiment="lm",
        axes=("layers=1,2", "direction=forward,reversed"),
        run_name=_model_name,
    ),
)
