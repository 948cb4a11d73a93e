"""Curves folded from events, as the verbs print them."""

from __future__ import annotations

from engine.events import Event
from tui.data.curves import RunCurves


def test_a_step_that_was_written_twice_keeps_its_first_value() -> None:
    """As runs of `lm` wrote their last step before a metric had one value a step."""
    curves = RunCurves()
    block = {"series": {"val_perplexity": [[19, 38, 38], [40.0, 50.0, 40.0]]}}
    curves.add([Event(1, 1.0, "metrics", block)])
    curves.add([Event(2, 2.0, "metrics", {"series": {"val_perplexity": [[38, 57], [1.0, 45.0]]}})])
    curve = curves.by_metric["val_perplexity"]
    assert (curve.steps, curve.values) == ([19, 38, 57], [40.0, 50.0, 45.0])
    assert len(curve.times) == 3


def test_points_after_a_rewind_replace_the_old_ones() -> None:
    curves = RunCurves()
    curves.add([Event(1, 1.0, "metrics", {"series": {"loss": [[1, 2, 3], [3.0, 2.0, 9.0]]}})])
    curves.add([Event(2, 2.0, "restored", {"step": 2})])
    curves.add([Event(3, 3.0, "metrics", {"series": {"loss": [[3], [1.0]]}})])
    assert curves.by_metric["loss"].values == [3.0, 2.0, 1.0]
