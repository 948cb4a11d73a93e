"""Line with the selected model and the sampling parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.session_protocol.language import ComparedModel, LanguageModelRow
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.line_widget import Line, left_and_right
from tui.ui.numbers import short
from tui.ui.span import Row, Span, row_width

PERPLEXITIES = (("test_perplexity", ""), ("val_perplexity", " (validation)"), ("perplexity", " (training)"))


class ModelLine(Line):
    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._model: LanguageModelRow | None = None
        self._sampling: Sequence[str] = ()
        self._error = ""

    def update(self, model: LanguageModelRow | None, sampling: Sequence[str]) -> None:
        self._model, self._sampling = model, tuple(sampling)
        self.draw()

    def set_error(self, error: str) -> None:
        """An error is shown in place of the model; empty: none."""
        self._error = plain(error, limit=300)
        self.draw()

    def row(self, width: int) -> Row:
        if self._error:
            return (Span(f" {self._error}", "warn"),)
        if self._model is None:
            return (Span(" no language model yet", "muted"),)
        dot = f" {glyphs().dot} "
        name = name_of(self._model)
        facts = [words for words in facts_of(self._model) if words not in name]
        left: Row = (Span(" " + name, "strong"),)
        sampling = list(self._sampling)
        while len(sampling) > 1 and len(name) + len(facts[0]) + len(dot.join([*sampling, ""])) + 4 > width:
            sampling.pop()  # which weights are used comes before the sampling parameters
        right: Row = (Span(dot.join(sampling), "accent"), Span(" "))
        for number, words in enumerate(facts):
            style_name = "warn" if number == 0 and self._model.is_running else "muted"
            more = (*left, Span(dot, "line"), Span(words, style_name))
            if row_width(more) + row_width(right) + 2 > width:
                break
            left = more
        return left_and_right(left, right, width)


def name_of(model: LanguageModelRow) -> str:
    return plain(model.name or model.run.split("-", 2)[-1], limit=30)


def facts_of(model: LanguageModelRow) -> list[str]:
    """Facts for the line, the most important first: which weights are used."""
    weights = weights_of(model)
    words = [f"still training, {weights}" if model.is_running else weights]
    words += [model.direction, size_of(model)]
    words += [f"perplexity {value}"] if (value := perplexity_of(model)) else []
    words += [model.framework, f"{model.vocabulary:,} words"]
    return [plain(one, limit=60) for one in words]


def size_of(model: LanguageModelRow | ComparedModel) -> str:
    """Such as `2 layers`, or `transformer of 1 block`."""
    is_lstm = model.model == "lstm"
    number = f"{model.layers} {'layer' if is_lstm else 'block'}{'' if model.layers == 1 else 's'}"
    return number if is_lstm else f"transformer of {number}"


def weights_of(model: LanguageModelRow) -> str:
    """Such as `best epoch 14, step 266` or `last step 40`."""
    step, epoch = model.step, model.epoch
    kind = "best" if model.is_best else "last"
    return f"{kind} step {step:,}" if epoch is None else f"{kind} epoch {epoch:,}, step {step:,}"


def perplexity_of(model: LanguageModelRow) -> str:
    """That of the test set, else of the validation or training set, which is named; empty: none known."""
    for name, part in PERPLEXITIES:
        if name in model.perplexities:
            value = model.perplexities[name]
            return (f"{value:.1f}" if 1 <= value < 10_000 else short(value)) + part
    return ""
