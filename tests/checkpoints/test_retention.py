"""Retention as a rule over numbers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints.retention import FLOOR, Keep, doomed

STEPS = st.sets(st.integers(0, 50), max_size=20)
KEEPS = st.builds(Keep, st.integers(-3, 6), st.none() | st.integers(0, 50), st.frozensets(st.integers(0, 50)))


@settings(deadline=None)
@given(STEPS, KEEPS)
def test_what_has_to_stay_stays_and_everything_else_goes(steps: set[int], keep: Keep) -> None:
    gone = doomed(steps, keep)
    newest = sorted(steps)[::-1][: max(keep.last, FLOOR)]
    assert gone == sorted(gone)
    assert set(gone) == {step for step in steps if step not in {*newest, *keep.pinned, keep.best}}
    assert len(steps) - len(gone) >= min(len(steps), FLOOR)
