"""Files that a run keeps, and texts that it logs to TensorBoard."""

from __future__ import annotations

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.engine.worker.attempts import make_run, new_run


def test_a_kept_file_is_replaced_atomically_and_found_by_the_next_attempt(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder)
    assert run.kept("model.json") is None
    run.keep("model.json", b"old")
    run.keep("model.json", b"new")
    again, _ = make_run(folder, number=2)
    assert again.kept("model.json") == b"new"
    assert [path.name for path in folder.path.iterdir() if "model" in path.name] == ["model.json"]


def test_a_text_is_logged_to_tensorboard_at_its_step(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor")
    run, _ = make_run(folder)
    run.step = 7
    run.text("sample", "a man on a horse")
    run._event_log.close(7, status="done", cause={})
    found = EventAccumulator(str(folder.tensorboard)).Reload().Tensors("sample/text_summary")
    assert [(one.step, list(one.tensor_proto.string_val)) for one in found] == [(7, [b"a man on a horse"])]
