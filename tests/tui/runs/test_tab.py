"""The keys of the runs tab."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from engine.places import Places
from engine.protocol import (
    Best,
    Cause,
    CauseKind,
    CheckpointFacts,
    Paused,
    Queued,
    RunSummary,
)
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, failed, make_run, metrics
from tui.data import run_actions
from tui.dialogs.confirm import ConfirmScreen
from tui.dialogs.form_dialog import FormScreen
from tui.dialogs.pick_experiment import PickScreen
from tui.runs.run_details import RunDetails

PAUSED = Paused(1.0, Cause(CauseKind.PAUSED, "Paused."))


def line_with(opened: AppPilot, words: str) -> str:
    return next(line for line in opened.text.splitlines() if words in line)


async def test_a_row_shows_progress_parameters_and_metrics_of_a_run(places: Places) -> None:
    run = make_run(
        1, name="plane", params={"hidden": 4, "lr": 0.01}, step=500, rate=10.0, metrics={"loss": 0.125},
        best=Best("loss", 0.0625, 400), created=time.time() - 7_300,
    )  # fmt: skip
    async with open_app(places, FakeEngine(run), (200, 60)) as opened:
        await opened.shows("● ━━ plane")
        line = line_with(opened, "● ━━ plane")
        for words in ("●", "hidden=4", "xor", "50%", "50s", "0.125", "0.0625", "2h"):
            assert words in line
        assert "lr=0.01" not in line


async def test_runs_that_do_not_train_say_why(places: Places) -> None:
    waiting = make_run(1, name="waiting", state=Queued("all 2 slots are taken"))
    broken = make_run(2, name="broken", state=failed())
    async with open_app(places, FakeEngine(waiting, broken), (200, 60)) as opened:
        await opened.shows("◌", "queued all 2 slots", "✗", "failed The loss")


async def test_a_new_run_appears_and_a_deleted_one_goes(places: Places) -> None:
    one, two = make_run(1, name="one"), make_run(2, name="two")
    engine = FakeEngine(one)
    async with open_app(places, engine) as opened:
        engine.change(two)
        await opened.shows("two", "Runs 2")
        engine.change(removed=(one.id,))
        await opened.until(lambda: "one" not in opened.text)


async def test_the_cursor_stays_with_its_run_when_rows_move(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}") for number in (5, 6)]
    engine = FakeEngine(*runs)
    async with open_app(places, engine) as opened:
        await opened.press("j")
        engine.change(make_run(1, name="newer"))
        await opened.shows("newer")
        assert opened.app.runs.selected == runs[1]


async def test_only_the_row_of_a_changed_run_is_drawn_again(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}", step=1) for number in range(1, 6)]
    engine = FakeEngine(*runs)
    async with open_app(places, engine) as opened:
        await opened.shows("run-5", "● ━━ run-1", "step      1 / 1,000")
        table = opened.app.runs.table
        drawn: list[int] = []
        original = table.render_line
        table.render_line = lambda y: (drawn.append(y), original(y))[1]  # type: ignore[method-assign]
        await opened.stable_count(lambda: len(drawn))
        drawn.clear()
        engine.change(replace(runs[3], step=900))
        await opened.until(lambda: "90%" in opened.text)
        assert set(drawn) == {4}


async def test_curves_of_selected_and_marked_runs_share_one_chart(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}", metrics={"loss": 1.0}) for number in (1, 2, 3)]
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.press("space", "space")
        await opened.until(lambda: len(opened.app.runs.chart.series) == 3)
        await opened.press("u")
        await opened.until(lambda: [one.key for one in opened.app.runs.chart.series] == [runs[2].id])


async def test_a_growing_curve_is_drawn_as_it_grows(places: Places) -> None:
    run = make_run(1, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        before = opened.text
        engine.append(run.id, metrics(2, [3, 4], loss=[0.25, 0.75]))
        await opened.until(lambda: opened.text != before)
        assert len(opened.app.runs.chart.series[0]) == 4


async def test_what_grew_behind_another_tab_is_there_when_one_comes_back(places: Places) -> None:
    run = make_run(1, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.press("2")
        engine.append(run.id, metrics(2, [3, 4], loss=[0.25, 0.625]))
        history = opened.app.connection.history(run.id)
        await opened.until(lambda: history is not None and len(history.series["loss"]) == 4)
        await opened.press("1")
        await opened.until(lambda: "0.625" in opened.text)


async def test_the_metric_goes_round(places: Places) -> None:
    run = make_run(1, metrics={"loss": 1.0, "accuracy": 0.5})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5], accuracy=[0.25, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.metric == "loss" and opened.app.runs.chart.series)
        await opened.press("m")
        await opened.until(lambda: opened.app.runs.chart.metric == "accuracy")
        await opened.press("m")
        await opened.until(lambda: opened.app.runs.chart.metric == "loss")


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (make_run(1), "pause"),
        (make_run(1, state=PAUSED), "resume"),
        (make_run(1, state=failed(), checkpoint_step=10), "resume"),
    ],
)
async def test_one_key_pauses_and_resumes(places: Places, run: RunSummary, word: str) -> None:
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.shows(f"p {word}")
        await opened.press("p")
        await opened.until(lambda: engine.requests == [(word, run.id)])


async def test_a_finished_run_cannot_be_paused_and_says_so(places: Places) -> None:
    engine = FakeEngine(make_run(1, state=done()))
    async with open_app(places, engine) as opened:
        assert "p pause" not in opened.text and "p resume" not in opened.text
        await opened.press("p")
        await opened.until(lambda: any("nothing to pause" in notice for notice in opened.notices))
        assert not engine.requests


@pytest.mark.parametrize(("key", "word"), [("s", "stop"), ("D", "remove")])
async def test_what_cannot_be_undone_is_asked_first(places: Places, key: str, word: str) -> None:
    run = make_run(1, name="plane", step=1_234)
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press(key)
        await opened.until(lambda: isinstance(opened.app.screen, ConfirmScreen))
        await opened.shows("plane")
        await opened.press("escape")
        await opened.until(lambda: not isinstance(opened.app.screen, ConfirmScreen))
        assert not engine.requests
        await opened.press(key)
        await opened.until(lambda: isinstance(opened.app.screen, ConfirmScreen))
        await opened.press("enter")
        await opened.until(lambda: engine.requests == [(word, run.id)])


async def test_the_question_and_the_answer_to_a_removal_name_the_key_that_brings_it_back(
    places: Places,
) -> None:
    places.keymap.write_text('{"run.undo": "ctrl+y"}')
    async with open_app(places, FakeEngine(make_run(1, name="plane"))) as opened:
        await opened.press("D")
        await opened.shows("^y brings it back")
        await opened.press("enter")
        await opened.until(lambda: any("^y brings it back" in notice for notice in opened.notices))


MARKED = [
    make_run(1, name="one"), make_run(2, name="two"), make_run(3, name="three", state=done()),
    make_run(4, name="four"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "said", "asked"),
    [
        ("p", "Pause 2 runs?", [("pause", MARKED[0].id), ("pause", MARKED[1].id)]),
        ("s", "Stop 2 runs?", [("stop", MARKED[0].id), ("stop", MARKED[1].id)]),
    ],
)
async def test_a_verb_acts_on_the_marked_runs_after_one_question(
    places: Places, key: str, said: str, asked: list[tuple[str, str]]
) -> None:
    engine = FakeEngine(*MARKED)
    async with open_app(places, engine) as opened:
        opened.app.runs.shown.marks = [run.id for run in MARKED[:3]]
        opened.app.runs.follow()
        await opened.press(key)
        await opened.shows(said, "Left out, 1:", "three is done")
        await opened.press("enter")
        await opened.until(lambda: sorted(engine.requests) == asked)


async def test_the_marked_runs_are_removed_and_brought_back_together(places: Places) -> None:
    runs = [make_run(number, name=f"r{number}", state=done()) for number in range(1, 5)]
    engine = FakeEngine(*runs)
    async with open_app(places, engine) as opened:
        opened.app.runs.shown.marks = [run.id for run in runs[:3]]
        opened.app.runs.follow()
        await opened.press("D")
        await opened.shows("Remove 3 runs?", "r1 (done): is removed", "r3 (done): is removed")
        await opened.press("enter")
        await opened.until(lambda: engine.requests == [("remove", *(run.id for run in runs[:3]))])
        await opened.until(lambda: not opened.app.runs.shown.marks)
        await opened.press("Z")
        await opened.until(lambda: len(engine.runs_by_id) == 4)


async def test_nothing_of_removed_runs_stays_on_the_screen(places: Places) -> None:
    runs = [make_run(number, name=f"gone{number}", state=done()) for number in range(1, 4)]
    engine = FakeEngine(*runs, make_run(4, experiment="mnist", name="other"))
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2, 3], loss=[0.5, 0.4, 0.3]))
    async with open_app(places, engine) as opened:
        await opened.press("slash", *"xor", "enter")
        await opened.shows("3 of 4")
        opened.app.runs.shown.marks = [run.id for run in runs]
        opened.app.runs.follow()
        await opened.shows("gone2 seed=2")
        await opened.press("D")
        await opened.shows("Remove 3 runs?")
        await opened.press("enter")
        await opened.shows("no run passes the filter", "no run selected")
        await opened.until(lambda: "gone" not in opened.text)


async def test_p_resumes_the_marked_runs_only_when_all_are_paused(places: Places) -> None:
    runs = [make_run(1, state=PAUSED), make_run(2, state=PAUSED)]
    engine = FakeEngine(*runs)
    async with open_app(places, engine) as opened:
        opened.app.runs.shown.marks = [run.id for run in runs]
        opened.app.runs.follow()
        await opened.shows("p resume 2")
        await opened.press("p")
        await opened.shows("Resume 2 runs?")


async def test_m_steps_through_every_metric_and_says_who_lacks_it(places: Places) -> None:
    one, two = (
        make_run(1, seed=1, name="one", metrics={"loss": 1.0}),
        make_run(2, seed=1, name="two", metrics={"val_acc": 0.5}),
    )
    engine = FakeEngine(one, two)
    engine.append(one.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    engine.append(two.id, metrics(1, [1, 2], val_acc=[0.25, 0.5]))
    async with open_app(places, engine) as opened:
        opened.app.runs.shown.marks = [one.id, two.id]
        opened.app.runs.follow()
        await opened.until(lambda: len(opened.app.runs.metrics()) == 2)
        seen = set()
        for _ in range(2):
            seen.add(opened.app.runs.chart.metric)
            lacks = {"loss": "two: no loss", "val_acc": "one: no val_acc"}[opened.app.runs.chart.metric]
            await opened.shows(lacks)
            await opened.press("m")
        assert seen == {"loss", "val_acc"}


async def test_what_was_deleted_is_brought_back_by_a_key(places: Places) -> None:
    run = make_run(1, name="plane", state=done())
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("Z")
        await opened.until(lambda: any("Nothing was removed" in notice for notice in opened.notices))
        await opened.press("D")
        await opened.until(lambda: isinstance(opened.app.screen, ConfirmScreen))
        await opened.shows("kept for a day: Z")
        await opened.press("enter")
        await opened.until(lambda: any("plane is removed: 1.0 MB" in notice for notice in opened.notices))
        await opened.until(lambda: opened.app.runs.selected is None)
        await opened.press("Z")
        await opened.until(lambda: opened.app.runs.selected is not None)
        await opened.until(lambda: any("plane is back." in notice for notice in opened.notices))


async def test_the_learning_rate_is_halved_doubled_and_set(places: Places) -> None:
    run = make_run(1, params={"lr": 0.01})
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("comma")
        await opened.until(lambda: engine.requests == [("set", run.id, "lr", 0.005)])
        await opened.until(lambda: opened.app.runs.selected.live == {"lr": 0.005})  # type: ignore[union-attr]
        await opened.press("full_stop")
        await opened.until(lambda: engine.requests[-1] == ("set", run.id, "lr", 0.01))
        await opened.press("L")
        await opened.shows("set live")
        await opened.press("end", *["backspace"] * 8)
        await opened.type("-1")
        await opened.shows("expected a number of 0 or more", "1 field is wrong: lr")
        await opened.press("enter", *["backspace"] * 2)
        await opened.type("0.3")
        await opened.press("enter")
        await opened.until(lambda: engine.requests[-1] == ("set", run.id, "lr", 0.3))


def test_the_rate_of_a_recipe_is_halved_from_what_it_comes_to() -> None:
    run = make_run(1, experiment="lm", params={"recipe": "notebook", "layers": 2, "lr": None})
    assert run_actions.scaled_lr(run, 0.5) == ("lr", 0.0005)
    assert run_actions.scaled_lr(replace(run, live={"lr": 0.02}), 0.5) == ("lr", 0.01)
    assert "--set lr" not in run_actions.command_line(run)
    assert "--set lr=0.123456789" in run_actions.command_line(make_run(1, params={"lr": 0.123456789}))


async def test_an_experiment_is_launched_by_keys_alone(places: Places) -> None:
    engine = FakeEngine()
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("n")
        await opened.shows("start an experiment", "XOR")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("backspace")
        await opened.type("8")
        await opened.press("down", "right", "enter")
        await opened.until(lambda: engine.requests)
        word, experiment, params, seed, name, device = engine.requests[0]
        assert (word, experiment, seed, name, device) == ("submit", "xor", 1, "", "auto")
        assert params["hidden"] == 8 and params["bypass"] is True and params["lr"] == 0.01
        await opened.until(lambda: opened.app.runs.selected is not None)
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        assert opened.app.screen.form.typed()["hidden"] == "8"  # type: ignore[attr-defined]
        await opened.press("ctrl+r")
        await opened.until(lambda: opened.app.screen.form.typed()["hidden"] == "2")  # type: ignore[attr-defined]


async def test_a_wrong_field_says_so_below_itself_and_nothing_is_launched(places: Places) -> None:
    engine = FakeEngine()
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.type("x")
        await opened.shows("expected a whole number of 0 or more, at most 64", "1 field is wrong: hidden")
        await opened.press("enter")
        await opened.press("backspace", "backspace")
        await opened.type("0")
        await opened.shows("while bypass is off", "would have no input")
        await opened.press("enter")
        assert isinstance(opened.app.screen, FormScreen) and not engine.requests
        await opened.press("backspace")
        await opened.type("3")
        await opened.press("enter")
        await opened.until(lambda: engine.requests)


async def test_again_offers_what_the_run_had(places: Places) -> None:
    run = make_run(1, params={"hidden": 7, "optimizer": "sgd"}, seed=42, name="plane")
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.until(lambda: engine.requests)
        _, experiment, params, seed, name, _ = engine.requests[0]
        assert (experiment, params["hidden"], params["optimizer"], seed, name) == (
            "xor",
            7,
            "sgd",
            42,
            "plane",
        )


async def test_again_takes_the_data_of_the_run_and_a_new_run_those_of_the_shell(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/of/this/shell")
    engine = FakeEngine(make_run(1, experiment="mnist", params={"epochs": 3}, data="/of/the/run"))
    async with open_app(places, engine) as opened:
        await opened.press("R")
        await opened.shows("data: /of/the/run")
        await opened.press("enter")
        await opened.until(lambda: engine.data_folders == ["/of/the/run"])
        await opened.until(lambda: not isinstance(opened.app.screen, FormScreen))
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, PickScreen))
        await opened.type("mnist")
        await opened.press("enter")
        await opened.shows("data: /of/this/shell")
        await opened.press("enter")
        await opened.until(lambda: engine.data_folders == ["/of/the/run", "/of/this/shell"])


async def test_the_filter_works_while_one_types_and_says_what_is_wrong(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="lark"), make_run(2, name="wren"))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("slash")
        await opened.type("lark")
        await opened.until(lambda: "wren" not in opened.text)
        await opened.shows("1 of 2", "lark")
        await opened.type(" loss=")
        await opened.shows("expected a value")
        await opened.press("escape")
        await opened.shows("wren")
        assert opened.app.focused is opened.app.runs.table


async def test_a_filter_that_hides_everything_shows_the_way_back(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1, name="lark")), (80, 24)) as opened:
        await opened.press("slash")
        await opened.type("zzz")
        await opened.shows("no run passes the filter")
        await opened.press("enter", "escape")
        await opened.shows("lark")


async def test_the_order_goes_round_the_columns_and_back(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="b"), make_run(2, name="a"))
    async with open_app(places, engine) as opened:
        await opened.press("o")
        await opened.until(lambda: engine.queries[-1].sort == "name" and not engine.queries[-1].descending)
        await opened.press("O")
        await opened.until(lambda: engine.queries[-1].descending)
        await opened.shows("name▼")


async def test_comparing_shows_only_what_differs(places: Places) -> None:
    one = make_run(1, name="one", params={"lr": 0.01, "hidden": 2}, metrics={"loss": 0.5}, seed=7)
    two = make_run(2, name="two", params={"lr": 0.1, "hidden": 2}, metrics={"loss": 0.25}, seed=7)
    async with open_app(places, FakeEngine(one, two)) as opened:
        await opened.press("d")
        await opened.until(lambda: any("Mark two runs" in notice for notice in opened.notices))
        await opened.press("space", "d")
        await opened.shows("compare 2 runs", "one", "two", "0.5", "0.25")
        dialog = opened.app.screen.query_one("CompareSheet")
        shown = ["".join(span.text for span in row) for row in dialog._rows]  # type: ignore[attr-defined]
        assert any(row.startswith("lr") for row in shown)
        assert not any(row.startswith(("hidden", "seed")) for row in shown)


async def test_a_baseline_stays_on_the_chart(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}", metrics={"loss": 1.0}) for number in (1, 2)]
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.press("b", "j")
        await opened.until(lambda: len(opened.app.runs.chart.series) == 2)
        await opened.shows("◇")


async def test_arrows_turn_the_panes_of_a_small_screen(places: Places) -> None:
    run = make_run(1, params={"hidden": 2, "lr": 0.5}, checkpoint_step=100)
    engine = FakeEngine(run)
    engine.logs[run.id] = "reading\nepoch 1\repoch 2\n"
    engine.checkpoints_of[run.id] = (CheckpointFacts(100, "", "ab" * 32, 2_048),)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("l")
        await opened.shows("framework", "submitted")
        await opened.press("l")
        await opened.shows("reading", "epoch 2")
        assert "epoch 1" not in opened.text
        await opened.press("l")
        await opened.shows("abababababab", "2.0 kB")
        await opened.press("l")
        await opened.shows("nothing happened yet")
        await opened.press("l")
        await opened.shows("The code of this experiment is part of dltui.")
        await opened.press("l")
        await opened.shows("starting: loading")


async def test_a_log_is_followed_while_its_end_is_in_sight(places: Places) -> None:
    run = make_run(1)
    engine = FakeEngine(run)
    engine.logs[run.id] = "".join(f"line {number}\n" for number in range(100))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("l", "l")
        await opened.shows("line 99")
        engine.logs[run.id] += "the newest line\n"
        await opened.shows("the newest line")


async def test_everything_is_in_sight_on_a_large_screen(places: Places) -> None:
    run = make_run(1, checkpoint_step=100, metrics={"loss": 1.0, "accuracy": 0.5})
    engine = FakeEngine(run)
    engine.logs[run.id] = "reading\n"
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5], accuracy=[0.5, 0.75]))
    engine.checkpoints_of[run.id] = (CheckpointFacts(100, "", "cd" * 32, 2_048),)
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.shows("reading", "cdcdcdcdcdcd", "framework", "accuracy")
        assert opened.app.query_one(RunDetails).display


async def test_the_chart_fills_the_screen_and_gives_it_back(places: Places) -> None:
    run = make_run(1, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with open_app(places, engine) as opened:
        await opened.shows("progress")
        await opened.press("enter")
        await opened.until(lambda: "progress" not in opened.text and "loss" in opened.text)
        await opened.press("escape")
        await opened.shows("progress")
        assert opened.app.focused is opened.app.runs.table


async def test_the_crosshair_walks_along_the_curve(places: Places) -> None:
    run = make_run(1, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, list(range(1, 101)), loss=[1.0 / step for step in range(1, 101)]))
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.press("v")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair is not None)
        before = opened.app.runs.chart.view.crosshair
        await opened.press("h", "h")
        await opened.until(lambda: (opened.app.runs.chart.view.crosshair or 0) < (before or 0))
        await opened.press("escape")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair is None)


async def test_copying_says_where_it_went(places: Places) -> None:
    run = make_run(1, params={"hidden": 4, "lr": 0.01}, seed=3, name="a plane")
    async with open_app(places, FakeEngine(run)) as opened:
        await opened.press("c")
        await opened.until(lambda: any(run.id in notice for notice in opened.notices))
        assert places.clipboard.read_text() == f"{run.id}\n"
        await opened.press("C")
        await opened.until(
            lambda: places.clipboard.read_text() == "dltui run xor --set hidden=4 --seed 3 --name 'a plane'\n"
        )


async def test_a_hundred_thousand_runs_are_fetched_where_one_looks(places: Places) -> None:
    class Many(FakeEngine):
        def list(self, query):  # type: ignore[no-untyped-def]
            from engine.table_protocol import Page

            rows = range(query.offset, min(query.offset + query.limit, 100_000))
            return Page(tuple(make_run(row + 1, name=f"row {row:,}") for row in rows), 100_000, 100_000)

    engine = Many(*(make_run(number) for number in range(1, 3)))
    engine.count = 100_000
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.shows("row 0", "Runs 100,000")
        await opened.press("G")
        await opened.shows("row 99,999")
        await opened.press("g")
        await opened.shows("row 0")
        assert len(engine.queries) < 12


async def test_a_run_that_has_ended_is_not_asked_for_a_live_parameter(places: Places) -> None:
    run = make_run(1, state=done(), params={"lr": 0.01})
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("L")
        await opened.until(lambda: any("is done: a parameter can be set" in n for n in opened.notices))
        assert not engine.requests


async def test_the_log_is_followed_to_its_last_line_however_much_came_at_once(places: Places) -> None:
    """More than one part is printed between the last look and the end of the run."""
    run = make_run(1)
    engine = FakeEngine(run)
    engine.logs[run.id] = "reading\n"
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("l", "l")
        await opened.shows("reading")
        engine.logs[run.id] += (
            "".join(f"line {number} of many\n" for number in range(9_000)) + "the last line\n"
        )
        engine.change(replace(run, state=done()))
        await opened.shows("the last line")


async def test_the_beginning_of_a_long_log_is_read_when_one_goes_there(places: Places) -> None:
    run = make_run(1)
    engine = FakeEngine(run)
    engine.logs[run.id] = "".join(f"line {number} of many\n" for number in range(9_000))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("l", "l")
        await opened.shows("line 8999 of many")
        opened.app.runs.details.log_pane.focus()
        await opened.press("g")
        await opened.shows("line 0 of many")
        await opened.press("G")
        await opened.shows("line 8999 of many")


async def test_an_app_without_an_engine_says_that_it_connects(places: Places) -> None:
    engine = FakeEngine(make_run(1))
    engine.is_up = False
    async with open_app(places, engine) as opened:
        await opened.until(lambda: opened.text.count("connecting to the engine") == 3)
        assert "no run selected" not in opened.text


async def test_seeds_tell_runs_apart_in_the_table(places: Places) -> None:
    runs = [make_run(number, seed=number, state=done()) for number in (1, 2, 3)]
    async with open_app(places, FakeEngine(*runs), (80, 24)) as opened:
        await opened.shows("seed=1", "seed=2", "seed=3")


async def test_only_the_heading_of_the_pane_with_the_focus_is_bright(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1)), (200, 60)) as opened:
        await opened.until(lambda: opened.app.runs.details.is_filled)
        titles = opened.app.runs.details._titles
        opened.app.runs.details.log_pane.focus()
        await opened.until(lambda: titles["log"]._is_highlighted)
        assert not titles["params"]._is_highlighted and not titles["checkpoints"]._is_highlighted


async def test_again_says_that_the_folder_of_data_holds_other_data_now(places: Places) -> None:
    engine = FakeEngine(make_run(1, state=done()))
    engine.data_now_words = "/data holds other data now: MNIST (abababababab)."
    async with open_app(places, engine) as opened:
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.until(lambda: engine.data_now_words in opened.notices)


async def test_curves_of_runs_with_other_seeds_say_their_seeds(places: Places) -> None:
    runs = [make_run(number, name=f"r{number}", seed=number, state=done()) for number in (1, 2)]
    engine = FakeEngine(*runs)
    engine.events_of = {run.id: [metrics(1, [1, 2], loss=[0.5, 0.4])] for run in runs}
    async with open_app(places, engine) as opened:
        opened.app.runs.shown.marks = [run.id for run in runs]
        opened.app.runs.follow()
        await opened.shows("r1 seed=1 0.4", "r2 seed=2 0.4")


async def test_a_run_whose_curve_is_not_read_yet_has_points_that_are_loading(places: Places) -> None:
    run = make_run(1, step=600, state=done())
    async with open_app(places, FakeEngine(run)) as opened:
        await opened.shows("done")
        await opened.until(lambda: opened.app.runs.connection.history(run.id) is not None)
        history = opened.app.runs.connection.history(run.id)
        assert history is not None
        history.caught_up = False
        opened.app.runs.draw_curves()
        await opened.shows("loading the curve")


async def test_the_engine_says_why_an_ended_run_cannot_be_stopped_without_a_question_before(
    places: Places,
) -> None:
    engine = FakeEngine(make_run(1, state=done()))
    async with open_app(places, engine) as opened:
        await opened.press("s")
        await opened.until(lambda: engine.requests)
        assert engine.requests == [("stop", next(iter(engine.runs_by_id)))]
        assert not isinstance(opened.app.screen, ConfirmScreen)


async def test_training_and_validation_share_a_chart_until_a_key_parts_them(places: Places) -> None:
    run = make_run(1, name="one", metrics={"loss": 0.5, "val_loss": 0.75, "lr": 0.1})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5], val_loss=[1.25, 0.75], lr=[0.1, 0.1]))
    async with open_app(places, engine) as opened:
        chart = opened.app.runs.chart
        await opened.until(lambda: [one.part for one in chart.series] == ["", "val"])
        assert "loss + val_loss" in opened.text and "val 0.75" in opened.text
        await opened.press("m")
        await opened.until(lambda: chart.metric == "lr")
        await opened.press("m", "w")
        await opened.until(lambda: chart.metric == "loss" and len(chart.series) == 1)
        await opened.press("m")
        await opened.until(lambda: chart.metric == "val_loss")
        await opened.press("w")
        await opened.until(lambda: [one.part for one in chart.series] == ["", "val"])
