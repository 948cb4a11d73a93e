"""The crosshair and the panes of the details are on one step: each moves the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.events import Event
from engine.places import Places
from engine.protocol import CheckpointFacts, RunSummary
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui.runs.log_pane import LogPane

STEPS = list(range(1, 101))
WIDE = (200, 60)


def trained() -> tuple[RunSummary, FakeEngine]:
    run = make_run(1, state=done(), step=100, metrics={"loss": 0.01}, checkpoint_step=90)
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, STEPS, loss=[1.0 / step for step in STEPS]))
    engine.logs[run.id] = "begins\n" + "".join(f"step {step} loss {1 / step:.4f}\n" for step in STEPS)
    return run, engine


def pane_of(opened: AppPilot) -> LogPane:
    return opened.app.runs.details.log_pane


async def test_a_line_of_the_log_moves_the_crosshair_to_its_step(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        pane_of(opened).focus()
        await opened.press("up", "up", "up")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 97)
        line = pane_of(opened).line
        assert line is not None and line.text.startswith("step 97 ")
        await opened.shows("step 97")


async def test_the_crosshair_moves_the_log_to_the_line_of_its_step(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        await opened.until(lambda: opened.app.runs.chart.series)
        opened.app.runs.chart.move_crosshair(40)
        await opened.until(lambda: (line := pane_of(opened).line) is not None and "step 40 " in line.text)
        opened.app.runs.chart.move_crosshair(12)
        await opened.until(lambda: (line := pane_of(opened).line) is not None and "step 12 " in line.text)
        opened.app.runs.chart.action_crosshair_off()
        await opened.until(lambda: pane_of(opened).line is None)


async def test_a_step_of_a_long_log_is_found_without_reading_all_of_it(places: Places) -> None:
    run, engine = trained()
    engine.logs[run.id] = "".join(f"step {step // 100} loss {'x' * 100}\n" for step in range(100, 10_100))
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        await opened.until(lambda: opened.app.runs.chart.series)
        opened.app.runs.chart.move_crosshair(31)
        await opened.until(lambda: (line := pane_of(opened).line) is not None and "step 31 " in line.text)
        assert len(pane_of(opened).window.lines) < 2_000


async def test_lines_without_a_step_are_placed_by_what_was_written_when(places: Places) -> None:
    run = make_run(1, state=done(), step=100, metrics={"loss": 0.01})
    engine = FakeEngine(run)
    log = "".join(f"batch {number:03}\n" for number in range(100))
    engine.append(
        run.id,
        *(
            Event(part + 1, 1_000.0 + part, "metrics", {
                "series": {"loss": [[part + 1], [0.5]]}, "log": (part + 1) * len("batch 000\n"),
            })
            for part in range(100)
        ),
    )  # fmt: skip
    engine.logs[run.id] = log
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("batch 099")
        await opened.until(lambda: opened.app.runs.chart.series)
        opened.app.runs.chart.move_crosshair(50)
        await opened.until(lambda: pane_of(opened).line is not None)
        line = pane_of(opened).line
        assert line is not None and line.text in ("batch 049", "batch 050")
        await opened.shows("about step")


async def test_a_checkpoint_moves_the_crosshair_and_goes_where_it_is(places: Places) -> None:
    found = tuple(CheckpointFacts(step, f"step-{step}", "ab" * 32, 1_000) for step in (30, 60, 90))
    run, engine = trained()
    engine.checkpoints_of[run.id] = found
    async with open_app(places, engine, WIDE) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        checkpoints = opened.app.runs.details._checkpoints
        await opened.until(lambda: checkpoints.steps() == [90, 60, 30])
        checkpoints.focus()
        await opened.press("down", "down")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 60)
        await opened.until(lambda: (line := pane_of(opened).line) is not None and "step 60 " in line.text)
        opened.app.runs.chart.move_crosshair(59)
        await opened.until(lambda: checkpoints._cursor == 2)
        opened.app.runs.chart.move_crosshair(5)
        await opened.until(lambda: checkpoints._cursor is None)


async def test_a_pane_that_opens_later_is_where_the_crosshair_is(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled and opened.app.runs.chart.series)
        opened.app.runs.chart.move_crosshair(40)
        opened.app.runs.select_pane("log")
        await opened.until(lambda: (line := pane_of(opened).line) is not None and "step 40 " in line.text)


async def test_a_search_goes_to_its_matches_in_either_direction_and_counts_them(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        pane_of(opened).focus()
        await opened.press("slash")
        await opened.press(*"step .0 loss")
        await opened.shows("9 lines")
        await opened.press("enter")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 10)
        await opened.shows("1 of 9")
        await opened.press("right_curly_bracket")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 20)
        await opened.press("left_curly_bracket", "left_curly_bracket")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 90)
        await opened.shows("9 of 9")


async def test_what_is_no_regular_expression_is_said_beside_it(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        pane_of(opened).focus()
        await opened.press("slash", *"step(")
        await opened.shows("no regular expression:")


async def test_keys_go_to_the_next_error_nan_and_spike(places: Places) -> None:
    run = make_run(1, state=done(), step=100, metrics={"loss": 0.5, "grad": 1.0})
    engine = FakeEngine(run)
    grad = [1.0] * 100
    grad[69], grad[79] = 9.0, 9.0
    loss: list[float | str] = [0.5] * 100
    loss[29] = "nan"
    event = Event(1, 1_000.0, "metrics", {"series": {"loss": [STEPS, loss], "grad": [STEPS, grad]}})
    engine.append(run.id, event)
    words = {50: "ValueError: no", 90: "CUDA error: no"}
    engine.logs[run.id] = "".join(f"step {step} {words.get(step, 'fine')}\n" for step in STEPS)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled and opened.app.runs.chart.series)
        at = opened.app.runs

        async def shows_step(step: float) -> None:
            await opened.until(lambda: at.chart.view.crosshair == step)

        await opened.press("exclamation_mark")
        await shows_step(50)
        await opened.press("exclamation_mark")
        await shows_step(90)
        await opened.press("exclamation_mark")
        await shows_step(50)
        await opened.press("I")
        await shows_step(30)
        at.state.metric = "grad"
        at.draw_curves()
        await opened.press("percent_sign")
        await shows_step(70)
        await opened.until(lambda: opened.notices == ["Spike 1 of 2: grad at step 70."])
        await opened.press("right_curly_bracket")
        await shows_step(80)
        await opened.until(lambda: opened.notices == ["Spike 2 of 2: grad at step 80."])
        await opened.press("left_curly_bracket")
        await shows_step(70)


async def test_a_run_without_problems_says_so(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled and opened.app.runs.chart.series)
        await opened.press("I")
        await opened.until(lambda: any("No metric has a NaN" in text for text in opened.notices))
        await opened.press("exclamation_mark")
        await opened.until(lambda: any("no line that tells an error" in text for text in opened.notices))


async def test_the_log_is_saved_whole_or_its_matches_and_never_over_a_file(
    places: Places, tmp_path: Path
) -> None:
    run, engine = trained()
    async with open_app(places, engine, WIDE) as opened:
        await opened.shows("step 100 loss")
        view = opened.app.runs.details.log_view
        await view.save(tmp_path / "all.log")
        assert (tmp_path / "all.log").read_text() == engine.logs[run.id]
        with pytest.raises(InputError, match="is there already: choose another name"):
            await view.save(tmp_path / "all.log")
        with pytest.raises(InputError, match="No such file or directory"):
            await view.save(tmp_path / "nowhere" / "all.log")
        view._search("step 5. loss")
        await view.save(tmp_path / "some.log")
        assert (tmp_path / "some.log").read_text().count("\n") == 10


async def test_a_row_of_events_moves_the_crosshair_and_goes_where_it_is(places: Places) -> None:
    run, engine = trained()
    engine.append(run.id, Event(2, 1_001.0, "set", {"step": 40, "name": "lr", "value": 0.5}))
    engine.append(run.id, Event(3, 1_002.0, "note", {"step": 70, "text": "It is warm."}))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled and opened.app.runs.chart.series)
        opened.app.runs.select_pane("events")
        await opened.shows("lr set to 0.5", "It is warm.")
        events = opened.app.runs.details._events
        events.focus()
        await opened.press("down", "down")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 70)
        await opened.press("down")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 40)
        opened.app.runs.chart.move_crosshair(99)
        await opened.until(lambda: events._cursor == 1)


async def test_the_details_open_beside_the_grid_of_charts_and_close_again(places: Places) -> None:
    _, engine = trained()
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled and opened.app.runs.chart.series)
        await opened.press("A")
        await opened.until(lambda: not opened.app.runs.details.is_on_screen)
        await opened.press("right_square_bracket", "right_square_bracket")
        await opened.shows("step 100 loss")
        await opened.press("left_square_bracket", "left_square_bracket")
        await opened.until(lambda: not opened.app.runs.details.is_on_screen)
