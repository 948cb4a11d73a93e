"""Language model, killed with SIGKILL while it trains: the bits come out the same."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from engine.store import RunFolder
from tests.chaos import scaled
from tests.engine.experiments.small_text import captions
from tests.engine.worker.attempts import curve, new_run, read_events, start, wait_for, weights

GIVEN: dict[str, Any] = {
    "embedding": 24,
    "hidden_size": 24,
    "batch": 8,
    "epochs": 40,
    "recipe": "tuned",
    "layers": 2,
}
LAST = 12 * 40


def begun(folder: RunFolder, number: int, data: Path) -> Any:
    return start(
        folder, DLTUI_ATTEMPT=str(number), DLTUI_CHECKPOINT_SECONDS="0.02", DLTUI_DATA=str(data),
        OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip


def saved_step(folder: RunFolder) -> int:
    return max((event.facts["step"] for event in read_events(folder, "checkpoint")), default=0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_killed_while_it_trains_it_ends_as_if_it_never_was(tmp_path: Path, framework: str) -> None:
    corpus = captions(tmp_path, 120)
    whole, parts = (new_run(tmp_path, "lm", framework=framework, corpus=corpus, **GIVEN) for _ in range(2))
    assert begun(whole, 1, tmp_path).wait(800) == 0
    assert weights(whole)[0] == LAST
    kills = scaled(9, least=3)
    for number in range(1, kills + 1):
        before, worker = saved_step(parts), begun(parts, number, tmp_path)
        wait_for(lambda before=before: saved_step(parts) > before, 400)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert begun(parts, kills + 1, tmp_path).wait(800) == 0
    assert len(read_events(parts, "restored")) == kills, "it came to its end before it was killed"
    assert weights(parts) == weights(whole)
    for metric in ("loss", "val_perplexity", "test_perplexity"):
        assert curve(parts, metric) == curve(whole, metric)


@pytest.mark.long
def test_a_transformer_killed_in_mid_epoch_ends_with_the_same_weights(tmp_path: Path) -> None:
    given = GIVEN | {"model": "transformer", "heads": 3, "batch": 1, "epochs": 3}
    corpus = captions(tmp_path, 240)  # 192 steps an epoch
    whole, parts = (new_run(tmp_path, "lm", corpus=corpus, **given) for _ in range(2))
    assert begun(whole, 1, tmp_path).wait(400) == 0
    worker = begun(parts, 1, tmp_path)
    wait_for(lambda: saved_step(parts) > 0, 400)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert begun(parts, 2, tmp_path).wait(400) == 0
    [restored] = read_events(parts, "restored")
    assert restored.facts["step"] % 192 != 0
    assert weights(parts) == weights(whole) and weights(whole)[0] == 576
    for metric in ("loss", "val_perplexity", "test_perplexity"):
        assert curve(parts, metric) == curve(whole, metric)
