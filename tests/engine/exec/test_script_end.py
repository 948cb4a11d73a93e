"""How the end of a command is told."""

from __future__ import annotations

import signal

import pytest

from engine.exec.script_end import ScriptEnd, exit_message
from engine.protocol import CauseKind, Status

ENDS = [
    (ScriptEnd(0, 12), "done", "finished", "Finished at step 12."),
    (ScriptEnd(0), "done", "finished", "Finished: exit code 0."),
    (ScriptEnd(0, 5, "pause"), "paused", "paused", "Paused at step 5: the command exited with code 0."),
    (ScriptEnd(-15, 5, "pause"), "paused", "paused", "Paused at step 5: the command was ended by SIGTERM."),
    (ScriptEnd(1, 0, "stop"), "stopped", "user_stop", "Stopped by its user: the command exited with code 1."),
    (ScriptEnd(-15, 3, "stop", "worse than the median"), "stopped", "pruned",
     "Pruned at step 3: worse than the median."),
    (ScriptEnd(-15, 3, signal_number=signal.SIGUSR1), "stopped", "signal",
     "SIGUSR1 from outside at step 3: the command was ended by SIGTERM."),
    (ScriptEnd(-9, 3, is_orphaned=True), "lost", "keeper_lost",
     "Its keeper died; the command was ended at step 3."),
    (ScriptEnd(0, 3, diverged="loss became nan at step 3."), "failed", "diverged",
     "loss became nan at step 3."),
    (ScriptEnd(1, 9, diverged="loss became nan at step 3."), "failed", "diverged",
     "loss became nan at step 3. The command exited with code 1."),
    (ScriptEnd(0, 9, "stop", diverged="loss became nan at step 3."), "stopped", "user_stop",
     "Stopped by its user at step 9: the command exited with code 0."),
]  # fmt: skip


@pytest.mark.parametrize(("end", "status", "kind", "text"), ENDS)
def test_the_end_is_told_in_one_line(end: ScriptEnd, status: str, kind: str, text: str) -> None:
    told = exit_message(end)
    assert told is not None
    assert (told["status"], told["cause"]["kind"], told["cause"]["text"]) == (status, kind, text)
    assert Status(told["status"]) and CauseKind(told["cause"]["kind"])


@pytest.mark.parametrize("code", [1, 127, -9, -11])
def test_a_failure_is_left_to_the_keeper_which_knows_the_log_and_the_memory(code: int) -> None:
    assert exit_message(ScriptEnd(code, 4)) is None


def test_of_a_loss_that_is_not_finite_the_remedy_names_the_checkpoint_before_it() -> None:
    for saved, remedy in (
        (0, "Start it again with a smaller learning rate."),
        (2, "Start it again with a smaller learning rate; its last good checkpoint is of step 2."),
    ):
        told = exit_message(ScriptEnd(0, 9, diverged="loss became nan at step 3.", saved_step=saved))
        assert told is not None
        assert told["cause"]["remedy"] == remedy


def test_a_command_that_was_killed_behind_a_loss_that_is_not_finite_is_left_to_the_keeper() -> None:
    assert exit_message(ScriptEnd(-9, 9, diverged="loss became nan at step 3.")) is None
