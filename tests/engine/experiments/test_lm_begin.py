"""A language model that begins with a checkpoint of another run, in both frameworks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError, ParamError
from engine.served_checkpoint import served_step
from engine.store import RunFolder
from tests.engine.experiments.small_text import captions, noise
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, train, weights

SMALL: dict[str, Any] = {
    "embedding": 12, "hidden_size": 8, "batch": 16, "epochs": 3, "lr": 0.02, "dropout": 0.4,
    "precision": "fp32", "patience": None,
}  # fmt: skip
STEPS = 9  # 48 sentences of 60 to learn from, in batches of 16, three times
PAUSE = {"word": "pause"}


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    return captions(tmp_path, 60)


def paused_at_5(root: Path, corpus: str, framework: str = "torch", **given: Any) -> RunFolder:
    folder = new_run(root, "lm", framework=framework, corpus=corpus, **(SMALL | given))
    train(folder, ScriptedPipe({5: PAUSE}))
    return folder


@pytest.mark.parametrize("framework", ["torch", pytest.param("tensorflow", marks=pytest.mark.long)])
def test_with_the_parameters_and_the_seed_of_its_parent_it_ends_with_the_bits_of_its_parent(
    tmp_path: Path, text: str, framework: str
) -> None:
    whole = new_run(tmp_path, "lm", framework=framework, corpus=text, **SMALL)
    train(whole)
    parent = paused_at_5(tmp_path, text, framework)
    child, other = (
        new_run(tmp_path, "lm", parent=(parent, 5), framework=framework, corpus=text, **(SMALL | own))
        for own in ({}, {"lr": 0.001})
    )
    train(child)
    train(other)
    assert weights(child)[0] == STEPS and weights(child) == weights(whole) != weights(other)
    assert min(curve(child, "loss")) == 6


def test_the_weights_that_answer_are_those_of_its_own_best_epoch(tmp_path: Path, text: str) -> None:
    parent = paused_at_5(tmp_path, text)
    child = new_run(
        tmp_path, "lm", parent=(parent, 5), framework="torch", corpus=text, **(SMALL | {"lr": 5.0})
    )
    train(child)  # every epoch of its own is worse than the one of its parent
    own = curve(child, "val_perplexity")
    served = served_step(child.checkpoints)
    assert served is not None and served.step == min(own, key=lambda step: float(own[step]))


def test_another_shape_and_other_words_are_refused(tmp_path: Path, text: str) -> None:
    parent = paused_at_5(tmp_path, text)
    wider = new_run(
        tmp_path, "lm", parent=(parent, 5), framework="torch", corpus=text, **(SMALL | {"hidden_size": 9})
    )
    with pytest.raises(ParamError, match=f"It cannot begin with {parent.id[-4:]}@5: .*lstm"):
        train(wider)
    others = new_run(tmp_path, "lm", parent=(parent, 5), framework="torch", corpus=noise(tmp_path), **SMALL)
    with pytest.raises(DataError, match="Its checkpoint was trained on other words than those of"):
        train(others)
