"""Live parameters: changes that are applied, replayed or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.built_in_experiments import XorParams
from engine.errors import ParamError
from engine.events import EventWriter
from engine.protocol import Spec
from engine.worker.param_changes import NEVER, ParamChange, read_changes
from engine.worker.run import LiveParams

SPEC = Spec("r", "xor", {"lr": 0.01}, 1, "", "torch", 1, "cpu", 1.0)


def test_only_live_parameters_can_be_changed_within_their_bounds() -> None:
    live = LiveParams(XorParams())
    assert live.values == {"lr": 0.01}
    assert live.change(7, "lr", "0.5") == ParamChange(7, "lr", 0.5)
    assert live.values == {"lr": 0.5}
    with pytest.raises(ParamError, match="hidden: cannot be changed during training; lr can"):
        live.change(7, "hidden", 3)
    with pytest.raises(ParamError, match="lr: expected a number of 0 or more"):
        live.change(7, "lr", -1)
    assert live.values == {"lr": 0.5}


def test_changes_after_the_restored_step_are_applied_again_at_their_step() -> None:
    live = LiveParams(XorParams())
    past = [
        ParamChange(3, "lr", 0.3),
        ParamChange(8, "lr", 0.8),
        ParamChange(9, "lr", 0.9),
        ParamChange(9, "gone", 1.0),
    ]
    live.restore(5, {"lr": 0.3}, past)
    assert (live.values["lr"], live.next_step) == (0.3, 8)
    assert live.apply_due(7) == []
    assert live.apply_due(8) == [ParamChange(8, "lr", 0.8)]
    assert live.apply_due(9) == [ParamChange(9, "lr", 0.9)]
    assert (live.values["lr"], live.next_step) == (0.9, NEVER)


def test_a_new_change_replaces_those_waiting_to_be_applied_again() -> None:
    live = LiveParams(XorParams())
    live.restore(5, {"lr": 0.3}, [ParamChange(8, "lr", 0.8)])
    live.change(6, "lr", 0.6)
    assert live.next_step == NEVER
    assert live.values["lr"] == 0.6


def test_changes_by_users_are_read_from_the_event_file_without_replayed_ones(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    writer.append("started", attempt=1)
    writer.append("set", step=3, name="lr", value=0.3)
    writer.append("set", step=8, name="lr", value=0.8)
    writer.append("restored", step=5)
    writer.append("set", step=5, name="lr", value=0.3, replayed=True)
    assert read_changes(path, SPEC) == [ParamChange(3, "lr", 0.3), ParamChange(8, "lr", 0.8)]
    writer.append("set", step=6, name="lr", value=0.6)
    assert read_changes(path, SPEC) == [ParamChange(3, "lr", 0.3), ParamChange(6, "lr", 0.6)]
