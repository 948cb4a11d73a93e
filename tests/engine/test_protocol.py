"""Types of the protocol survive JSON."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.machine_protocol import Gpu, Resources
from engine.protocol import (
    STATES,
    Best,
    Cause,
    CauseKind,
    CheckpointFacts,
    Queued,
    Running,
    RunSummary,
    Spec,
    State,
    Status,
    number_from_json,
    number_to_json,
    status_of,
    summary_from_json,
    summary_to_json,
)
from engine.typed_json import to_json, typed

names = st.text(max_size=10)
times = st.floats(0, 1e11)
finite = st.floats(allow_nan=False)
causes = st.builds(Cause, st.sampled_from(CauseKind), names, names)
states: st.SearchStrategy[State] = st.one_of(
    st.builds(STATES[Status.QUEUED], names),
    *(st.builds(STATES[status], times) for status in (Status.RUNNING, Status.PAUSING, Status.STOPPING)),
    *(
        st.builds(STATES[status], times, causes)
        for status in (Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST)
    ),
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.booleans() | st.integers(-(2**53), 2**53) | numbers | names
specs = st.builds(
    Spec, id=names, experiment=names, params=st.dictionaries(names, values, max_size=4),
    seed=st.integers(0, 9),
    name=names, framework=names, threads=st.integers(1, 64), device=names, created_at=times, token=names,
    sweep=names, trial=st.integers(0, 9), gpu_share=st.floats(0.1, 1), executor=names,
    data=st.none() | names,
)  # fmt: skip
summaries = st.builds(
    RunSummary, spec=specs, state=states, step=st.integers(0, 2**62), total_steps=st.integers(0, 2**62),
    metrics=st.dictionaries(names, finite, max_size=4),
    best=st.none() | st.builds(Best, names, finite, st.integers(0, 2**62)), device=names,
    started_at=st.none() | times, attempt=st.integers(0, 9), train_seconds=times, rate=times,
    live=st.dictionaries(names, st.floats(allow_nan=False, allow_infinity=False), max_size=2),
    checkpoint_step=st.integers(0, 2**62), notice=names, damage=names, data_notice=names,
    rss=st.integers(0, 2**62), cpu=times,
    checkpoints=st.lists(st.builds(CheckpointFacts, st.integers(0, 9), names, names, st.just(7), names),
                         max_size=2).map(tuple),
)  # fmt: skip


@given(summaries)
def test_a_summary_survives_json(run: RunSummary) -> None:
    assert summary_from_json(json.loads(json.dumps(summary_to_json(run), allow_nan=False))) == run


def test_numbers_that_json_does_not_have_are_sent_as_text() -> None:
    assert [number_to_json(value) for value in (math.nan, math.inf, -math.inf, 0.5)] == [
        "nan",
        "inf",
        "-inf",
        0.5,
    ]
    assert math.isnan(number_from_json("nan")) and number_from_json("-inf") == -math.inf
    with pytest.raises(KeyError):
        number_from_json("many")


def test_every_status_has_one_state_and_back() -> None:
    assert set(STATES) == set(Status)
    assert len(set(STATES.values())) == len(STATES)
    assert status_of(Running(0)) is Status.RUNNING


def test_every_status_is_active_or_final_or_queued_or_paused() -> None:
    active = {status for status in Status if status.is_active}
    final = {status for status in Status if status.is_final}
    assert not active & final
    assert set(Status) - active - final == {Status.QUEUED, Status.PAUSED}


def test_the_remaining_time_is_known_only_for_a_running_run_with_a_rate() -> None:
    spec = Spec("i", "xor", {}, 1, "n", "torch", 1, "cpu", 0.0)
    run = RunSummary(spec, Running(0.0), step=40, total_steps=100, rate=2.0)
    assert run.eta_seconds == 30
    for other in (
        RunSummary(spec, Running(0.0), step=40, rate=2.0),
        RunSummary(spec, Running(0.0), step=40, total_steps=100),
        RunSummary(spec, Queued("waits"), step=40, total_steps=100, rate=2.0),
    ):
        assert other.eta_seconds is None
    assert RunSummary(spec, Running(0.0), step=140, total_steps=100, rate=2.0).eta_seconds == 0


def test_resources_survive_json() -> None:
    gpu = Gpu("H200", "GPU-1", 1, 2, 0.5, 0)
    machine = Resources(2, 0.25, 1, 2, 3, 1, 2, (gpu,))
    assert typed(json.loads(json.dumps(to_json(machine))), Resources, strict=True) == machine
