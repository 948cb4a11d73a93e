"""Retention as a rule over numbers."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints.retention import MIN_KEPT, Keep, removable

STEPS = st.sets(st.integers(0, 50), max_size=20)
KEEPS = st.builds(Keep, st.integers(-3, 6), st.none() | st.integers(0, 50), st.frozensets(st.integers(0, 50)))


@settings(deadline=None)
@given(STEPS, KEEPS)
def test_everything_to_keep_is_kept_and_the_rest_is_removed(steps: set[int], keep: Keep) -> None:
    gone = removable(steps, keep)
    newest = sorted(steps)[::-1][: max(keep.last, MIN_KEPT)]
    assert gone == sorted(gone)
    assert set(gone) == {step for step in steps if step not in {*newest, *keep.pinned, keep.best}}
    assert len(steps) - len(gone) >= min(len(steps), MIN_KEPT)
