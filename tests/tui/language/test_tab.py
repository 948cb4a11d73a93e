"""The Language tab: from the keyboard alone."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.events import Event
from engine.places import Places
from engine.protocol import Running, RunSummary, read_request
from engine.service.sweeps import submission
from engine.session_protocol.corpus import CorpusSummaryRequest
from engine.sweep_protocol import SweepSubmitRequest
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import SENTENCES, write_run
from tui import view_state
from tui.language.run_list import CELLS
from tui.language.tab import LanguageTab
from tui.ui.curve_colours import dash_of

SAID = (
    "After epoch 1, at 0.1: a man is riding a wave; at 1: a cat; at the window; at 10: zebra \x1b[31mspoons"
)


@pytest.fixture
def session(places: Places, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSession:
    data = tmp_path / "data"
    data.mkdir()
    lines = [f"{sentence} number {number}" for number in range(20) for sentence in SENTENCES]
    (data / "coco-captions.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("DLTUI_DATA", str(data))
    made = FakeSession(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: made)
    return made


def four(*numbers: tuple[float, float, float], framework: str = "tensorflow") -> list[RunSummary]:
    runs = []
    for number, (cell, (train, val, test)) in enumerate(zip(CELLS, numbers, strict=False), 1):
        params = {"framework": framework, "layers": cell.layers, "direction": cell.direction,
                  "corpus": "captions"}  # fmt: skip
        values = {"train_perplexity": train, "val_perplexity": val, "test_perplexity": test}
        runs.append(
            make_run(number, experiment="lm", name=cell.title, params=params, state=done(), metrics=values)
        )
    return runs


TWELVE = [(30.1, 38.2, 38.4), (31.1, 39.2, 39.4), (120.5, 140.6, 141.7), (125.5, 145.6, 146.7)]


def tab(opened: AppPilot) -> LanguageTab:
    return opened.app.query_one(LanguageTab)


async def open_tab(opened: AppPilot, *words: str) -> None:
    await opened.press("5")
    await opened.until(lambda: opened.app.query(LanguageTab) and tab(opened).runs.is_known)
    await opened.shows(*words)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_twelve_perplexities_are_all_visible(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(*four(*TWELVE)), size) as opened:
        await open_tab(opened, "Keras on captions", *(f"{value:.1f}" for row in TWELVE for value in row))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_model_of_other_sizes_is_not_compared(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    runs = four(*TWELVE[:3])
    sizes = {**runs[2].spec.params, "vocabulary": 1000, "hidden_size": 32, "epochs": 1}
    runs[2] = replace(
        runs[2], spec=replace(runs[2].spec, params=sizes), step=157, total_steps=157,
        metrics={"test_perplexity": 12.5},
    )  # fmt: skip
    async with open_app(places, FakeEngine(*runs), size) as opened:
        await open_tab(opened, "vocabulary 1,000, hidden 32, 1 epoch: not comparable", "38.4", "12.5")
        assert tab(opened).table._best() == 38.4
        if size[0] >= 120:
            await opened.shows("max words", "epochs", "1,000")


def transformer(number: int, direction: str, *values: float) -> RunSummary:
    params = {"model": "transformer", "framework": "torch", "layers": 2, "direction": direction,
              "corpus": "captions", "epochs": 10}  # fmt: skip
    names = ("train_perplexity", "val_perplexity", "test_perplexity")
    metrics = dict(zip(names, values, strict=True))
    return make_run(number, experiment="lm", params=params, state=done(), metrics=metrics)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_transformers_are_shown_beside_the_four(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    runs = [*four(*TWELVE), transformer(9, "reversed", 13.1, 27.8, 28.2)]
    engine = FakeEngine(*runs)
    for run, value in ((runs[0], 57.5), (runs[-1], 30.5)):
        engine.append(run.id, metrics(1, [157], val_perplexity=[value]))
    async with open_app(places, engine, size) as opened:
        await open_tab(opened, *(f"{value:.1f}" for row in TWELVE for value in row))
        await opened.shows("Keras on captions", "transformer reversed", "13.1", "27.8", "28.2")
        assert "transformer forward" not in opened.text and tab(opened).table._best() == 38.4
        await opened.press("G")
        chosen = tab(opened).table.run
        assert chosen is not None and chosen.id == runs[-1].id
        await opened.press("up")
        assert tab(opened).table.place == len(CELLS) - 1
        await opened.shows("1 layer forward 57.5", "transformer reversed 30.5")


async def test_curves_count_epochs_from_zero_and_training_is_drawn_with_validation(
    places: Places, session: FakeSession
) -> None:
    run = four(TWELVE[0])[0]
    run = replace(run, total_steps=471, spec=replace(run.spec, params={**run.spec.params, "epochs": 3}))
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [157], val_perplexity=[57.5]))
    engine.append(
        run.id, metrics(2, list(range(1, 158)), perplexity=[900 - 5.0 * step for step in range(157)])
    )
    async with open_app(places, engine, (120, 40)) as opened:
        await open_tab(opened, "epoch", "1 layer forward 57.5", "1 layer forward, training")
        validation, training = tab(opened).chart.series
        assert validation.curve.span("step") == (1, 1)
        assert dash_of(training.hue) == 0 and training.hue not in range(len(CELLS))
        assert training.curve.span("step") == pytest.approx((1 / 157, 1))
        assert tab(opened).chart._scene.visible_range() == (0, 1)
        assert sum(map(opened.text.count, "⠛⠿⣶⣤")) == 1  # the square of the only validation
        await opened.press("F")
        await opened.until(lambda: "best" not in opened.text and "1 layer forward, training" in opened.text)
        await opened.press("escape")
        await opened.shows("Keras on captions")


async def test_full_screen_is_offered_where_there_is_a_chart(places: Places, session: FakeSession) -> None:
    runs = four(*TWELVE)
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [157], val_perplexity=[57.5]))
    async with open_app(places, engine, (120, 40)) as opened:
        await open_tab(opened, "F full screen")
        await opened.press("d")
        await opened.until(lambda: "n new run" in opened.text and "full screen" not in opened.text)


async def test_they_are_updated_while_the_runs_train(places: Places, session: FakeSession) -> None:
    run = replace(four(TWELVE[0])[0], state=Running(time.time()), metrics={"perplexity": 412.0})
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await open_tab(opened, "~412.0", "1 layer forward")
        engine.append(
            run.id,
            metrics(1, [157, 314], val_perplexity=[57.5, 40.8]),
            Event(2, 1_002.0, "note", {"text": SAID}),
            Event(3, 1_003.0, "started", {"attempt": 2, "notice": "The text is written without spaces."}),
        )
        await opened.shows("The text is written without spaces.")
        await opened.shows("epoch 1", "a man is riding a wave", "a cat; at the window", "perplexity")
        assert "\x1b" not in opened.text
        engine.change(replace(run, metrics={"perplexity": 40.0, "val_perplexity": 57.5}))
        await opened.shows("~40.0", "57.5")


async def test_one_key_trains_the_four(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with open_app(places, engine) as opened:
        await open_tab(opened, "not trained yet", "trains the four")
        await opened.press("s")
        await opened.shows("train the four on captions", "a first look")
        await opened.press("down", "enter")
        await opened.until(lambda: engine.sweeps.requests)
        word, facts = engine.sweeps.requests[0]
        assert (word, facts["experiment"], facts["name"]) == (
            "sweep_submit",
            "lm_four",
            "four models PyTorch",
        )
        assert facts["params"] == {"framework": "torch", "corpus": "captions"}
        await opened.shows("PyTorch on captions", "waits for its turn")
        assert submission.make_spec(read_request(facts, SweepSubmitRequest)).name == facts["name"]
        spec = next(iter(engine.sweeps.by_id.values())).spec
        assert [axis.values for axis in spec.axes] == [(1, 2), ("forward", "reversed")]


async def test_the_trials_of_the_sweep_fill_the_table(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with open_app(places, engine) as opened:
        await open_tab(opened, "not trained yet")
        await opened.press("s", "enter")
        await opened.until(lambda: engine.sweeps.requests)
        trials = four(*TWELVE[:2])
        for number, run in enumerate(trials, 1):
            engine.change(replace(run, spec=replace(run.spec, sweep="20260101-lm-sweep-0001", trial=number)))
        await opened.shows("38.4", "39.4", "waits for its turn")
        await opened.press("G", "X")
        await opened.shows("not trained yet")
        assert engine.sweeps.requests[-1][1]["verb"] == "stop"


async def test_the_framework_is_switched_by_key_and_saved(places: Places, session: FakeSession) -> None:
    runs = four(*TWELVE) + [replace(run) for run in four((1.5, 2.5, 3.5), framework="torch")]
    runs[-1] = replace(runs[-1], spec=replace(runs[-1].spec, id="20250101-000001-lm-ffff", created_at=1.0))
    async with open_app(places, FakeEngine(*runs)) as opened:
        await open_tab(opened, "Keras on captions")
        await opened.press("f")
        await opened.shows("PyTorch on captions", "3.5")
        await opened.press("down", "d")
    saved = view_state.read(places.view_state).views["language"]
    assert (saved["framework"], saved["place"], saved["view"]) == ("torch", 1, "corpus")


async def test_the_statistics_of_the_corpus_are_shown(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await open_tab(opened)
        await opened.press("d")
        await opened.shows("captions", "CC BY 4.0", "in DLTUI_DATA", "380", "training", "Zipf", "frequent")
        await opened.press("down", "down")
        await opened.shows("wikitext-2 is not on this machine yet.")
        assert session.sent(CorpusSummaryRequest)[-1].corpus == "wikitext-2"


async def test_a_model_is_opened_in_the_repl(places: Places, session: FakeSession) -> None:
    write_run(places, name="other")
    run = write_run(places, name="wanted", direction="reversed", created_at=1e9)
    cells = four(*TWELVE)
    cells[1] = replace(cells[1], spec=replace(cells[1].spec, id=run), checkpoint_step=1200)
    async with open_app(places, FakeEngine(*cells)) as opened:
        await open_tab(opened, "1 layer reversed")
        await opened.press("enter")
        await opened.until(lambda: "1 layer forward has no checkpoint yet." in opened.notices)
        await opened.press("down", "enter")
        await opened.shows("wanted", "word before")


async def test_a_session_that_ends_is_an_error_of_one_line(places: Places, session: FakeSession) -> None:
    session.is_up = False
    async with open_app(places, FakeEngine(*four(*TWELVE))) as opened:
        await open_tab(opened, "38.4", "The session ended before it answered.")


async def test_a_hidden_tab_requests_and_follows_nothing(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine(*four(*TWELVE))) as opened:
        await open_tab(opened, "38.4")
        await opened.until(lambda: bool(session.sent(CorpusSummaryRequest)))
        await opened.press("1")
        asked = await opened.stable_count(lambda: len(session.requests))
        opened.app.switcher.refresh_data()
        await opened.press("question_mark", "escape")
        assert len(session.requests) == asked and not opened.app.connection._runs_of["language"]


async def test_without_colours_and_blocks_everything_can_be_read(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.terminal import glyphs

    monkeypatch.setenv("DLTUI_SYMBOLS", "ascii")
    glyphs.glyphs.cache_clear()
    try:
        async with open_app(places, FakeEngine(*four(*TWELVE)), (80, 24)) as opened:
            await open_tab(opened, "38.4")
            assert opened.text.isascii()
            await opened.press("d")
            await opened.shows("captions")
            assert opened.text.isascii()
    finally:
        monkeypatch.delenv("DLTUI_SYMBOLS")
        glyphs.glyphs.cache_clear()
