from __future__ import annotations

import signal

from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.stop_sequence import GracePeriods, StopSequence, StopStep, advance, request_stop


def test_no_signal_is_due_before_a_request() -> None:
    assert advance(StopSequence(), 1e9) == (StopSequence(), None)


def test_each_step_follows_after_its_grace_period() -> None:
    sequence = request_stop(StopSequence(GracePeriods(30, 15)), 100.0)
    assert advance(sequence, 129.9) == (sequence, None)
    sequence, sent = advance(sequence, 130.0)
    assert sent is signal.SIGTERM
    assert advance(sequence, 144.9) == (sequence, None)
    sequence, sent = advance(sequence, 145.0)
    assert sent is signal.SIGKILL
    assert advance(sequence, 1e9) == (sequence, None)


def test_a_second_request_does_not_extend_the_grace_period() -> None:
    sequence = request_stop(StopSequence(GracePeriods(30, 15)), 100.0)
    assert request_stop(sequence, 129.0) == sequence


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50)), max_size=40))
def test_each_signal_is_sent_once_and_in_order(actions: list[tuple[bool, float]]) -> None:
    sequence, now, sent, requested_at = StopSequence(GracePeriods(30, 15)), 0.0, [], None
    for requesting, pause in actions:
        now += pause
        if requesting:
            requested_at = now if requested_at is None else requested_at
            sequence = request_stop(sequence, now)
        sequence, number = advance(sequence, now)
        if number is not None:
            assert requested_at is not None and now >= requested_at + 30
            sent.append(number)
    assert sent == [signal.SIGTERM, signal.SIGKILL][: len(sent)]
    assert (sequence.step is StopStep.KILLED) == (len(sent) == 2)
