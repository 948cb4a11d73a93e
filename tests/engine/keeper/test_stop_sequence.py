from __future__ import annotations

import signal

from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.stop_sequence import GracePeriods, StopSequence, StopStep, ask, climb


def test_nothing_happens_before_somebody_asked() -> None:
    assert climb(StopSequence(), 1e9) == (StopSequence(), None)


def test_the_rungs_come_after_their_graces() -> None:
    ladder = ask(StopSequence(GracePeriods(30, 15)), 100.0)
    assert climb(ladder, 129.9) == (ladder, None)
    ladder, sent = climb(ladder, 130.0)
    assert sent is signal.SIGTERM
    assert climb(ladder, 144.9) == (ladder, None)
    ladder, sent = climb(ladder, 145.0)
    assert sent is signal.SIGKILL
    assert climb(ladder, 1e9) == (ladder, None)


def test_asking_again_gives_no_more_time() -> None:
    ladder = ask(StopSequence(GracePeriods(30, 15)), 100.0)
    assert ask(ladder, 129.0) == ladder


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50)), max_size=40))
def test_each_signal_is_sent_once_and_in_order(moves: list[tuple[bool, float]]) -> None:
    ladder, now, sent, asked_at = StopSequence(GracePeriods(30, 15)), 0.0, [], None
    for asking, pause in moves:
        now += pause
        if asking:
            asked_at = now if asked_at is None else asked_at
            ladder = ask(ladder, now)
        ladder, number = climb(ladder, now)
        if number is not None:
            assert asked_at is not None and now >= asked_at + 30
            sent.append(number)
    assert sent == [signal.SIGTERM, signal.SIGKILL][: len(sent)]
    assert (ladder.rung is StopStep.KILLED) == (len(sent) == 2)
