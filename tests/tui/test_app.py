"""The app as a whole: start, exit, errors, saved state."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual._compositor import LayoutUpdate
from textual.css.stylesheet import Stylesheet

from engine.errors import EngineError, OtherVersion
from engine.machine_protocol import Finding, Severity
from engine.places import Places, make_private
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import DRIVER, FakeEngine, done, make_run, metrics
from tests.timeouts import LONG
from tui import app as app_module
from tui import view_state
from tui.app import LabApp
from tui.data import connection
from tui.ui import theme

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]boo[/red]\u202egnp.exe\x9b31m"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_WAIT", 0.02)


async def never(_: Places) -> Any:
    await asyncio.Event().wait()


async def test_the_first_paint_does_not_wait_for_the_engine(places: Places) -> None:
    app = LabApp(places, never)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = "\n".join(
            "".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()
        )
        assert "dltui" in text and "Runs" in text and "parameters" in text


async def test_without_runs_one_is_invited_to_start_one(places: Places) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.shows("try XOR first", "7  nine lectures", "Runs 0")
        assert "all metrics" not in opened.text
        await opened.press("n")
        await opened.shows("start an experiment")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])
async def test_every_size_shows_table_curve_and_keys(places: Places, size: tuple[int, int]) -> None:
    run = make_run(1, name="plane", metrics={"loss": 0.25})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2, 3], loss=[1.0, 0.5, 0.25]))
    async with open_app(places, engine, size) as opened:
        await opened.shows("plane", "progress", "curves", "keys", "step", "loss")


@pytest.mark.parametrize("size", [(59, 24), (80, 14), (20, 5)])
async def test_where_nothing_fits_the_app_says_so(places: Places, size: tuple[int, int]) -> None:
    async with open_app(places, FakeEngine(make_run(1)), size) as opened:
        await opened.until(lambda: "needs 60" in " ".join(opened.text.split()))
        assert "progress" not in opened.text


async def test_a_lost_engine_is_a_banner_until_it_is_back(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="plane"))
    async with open_app(places, engine) as opened:
        await opened.shows("plane")
        engine.disconnect()
        await opened.shows("Engine gone, reconnecting", "plane")
        engine.is_up = True
        await opened.until(lambda: "Engine gone" not in opened.text)


async def test_an_engine_that_cannot_be_reached_is_reported_with_its_remedy(places: Places) -> None:
    engine = FakeEngine()
    engine.is_up = False
    async with open_app(places, engine) as opened:
        await opened.shows("cannot be reached", "dltui engine start")


async def test_an_engine_that_was_never_connected_is_not_reported_as_gone(places: Places) -> None:
    engine = FakeEngine()
    engine.is_up = False
    async with open_app(places, engine) as opened:
        await opened.shows("cannot be reached")
        assert "gone" not in opened.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_home_that_others_can_enter_is_reported_on_a_screen_until_it_is_private(
    places: Places, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is said of it, and after `chmod` the key `r` goes on at once."""
    monkeypatch.setattr(connection, "FIRST_WAIT", 3600.0)
    engine = FakeEngine(make_run(1, name="plane"))
    lab_home = places.root / "a-folder-with-a-rather-long-name" / "and-another-one-inside-of-it" / "lab"
    (lab_home / "runs").mkdir(parents=True)
    lab_home.chmod(0o755)
    command = f"chmod 700 {lab_home}"

    engine.is_up, connected = False, engine.connect

    async def connect(_: Places) -> Any:
        make_private(lab_home)
        engine.is_up = True
        return await connected(places)

    monkeypatch.setattr(engine, "connect", connect)
    async with open_app(places, engine, size) as opened:
        await opened.until(lambda: "then press r" in opened.text)
        shown = "".join(opened.text.split())
        assert "otherscouldenterit.Run:" in shown and "".join(command.split()) in shown
        assert "plane" not in opened.text and "gone" not in opened.text
        lab_home.chmod(0o700)
        await opened.press("r")
        await opened.shows("plane")
        assert "then press r" not in opened.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_banner_is_as_long_as_its_remedy(places: Places, size: tuple[int, int]) -> None:
    remedy = (
        "Set DLTUI_HOME to a folder on a local disk, such as /scratch/somebody/lab, and move what is there."
    )
    text = "The home folder is on NFS, where locks and mapped files can be lost when the server restarts."
    engine = FakeEngine(make_run(1, name="plane"), findings=[Finding("home", Severity.DANGER, text, remedy)])
    async with open_app(places, engine, size) as opened:
        await opened.shows("plane", "dismiss")
        assert remedy.replace(" ", "") in "".join(opened.text.split())


async def test_the_most_severe_finding_is_a_banner_that_stays_dismissed(places: Places) -> None:
    note = Finding("disk", Severity.NOTE, "nothing grave")
    grave = Finding("home", Severity.DANGER, "The home folder is on NFS.", "Set DLTUI_HOME.")
    engine = FakeEngine(make_run(1), findings=[note, DRIVER, grave])
    async with open_app(places, engine) as opened:
        await opened.shows("on NFS", "Set DLTUI_HOME", "dismiss")
        assert "nothing grave" not in opened.text
        await opened.press("x")
        await opened.until(lambda: "NFS" not in opened.text)
    async with open_app(places, engine) as opened:
        await opened.shows("driver is older")


async def test_the_view_is_restored(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}", state=done()) for number in range(1, 9)]
    engine = FakeEngine(*runs)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("j", "space", "j", "b", "y", "e", "T", "l")
        await opened.until(lambda: opened.app.runs.shown.baseline == runs[3].id)
    saved = view_state.read(places.view_state)
    assert (saved.marks, saved.baseline, saved.selected) == ([runs[1].id], runs[3].id, runs[3].id)
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.until(lambda: opened.app.runs.selected == runs[3])
        assert opened.app.theme == saved.theme and opened.app.runs.chart.view.log
        assert opened.app.runs.chart.view.smoothing > 0 and opened.app.runs.state.pane == "params"
        assert opened.app.runs.shown.marks == [runs[1].id]


async def test_a_change_is_on_disk_within_two_seconds(places: Places) -> None:
    assert app_module.SAVE_AFTER < 2
    async with open_app(places, FakeEngine(make_run(1), make_run(2))) as opened:
        await opened.press("space")
        await opened.until(lambda: places.view_state.exists() and view_state.read(places.view_state).marks)


async def test_a_damaged_view_file_is_no_reason_not_to_start(places: Places) -> None:
    places.view_state.write_bytes(b'{"marks": 7, "chart": {"x": "\x00')
    async with open_app(places, FakeEngine(make_run(1, name="plane"))) as opened:
        await opened.shows("plane")


async def test_a_keymap_changes_key_footer_and_help(places: Places) -> None:
    places.keymap.write_text(json.dumps({"run.new": "Q", "no.such": "x"}))
    async with open_app(places, FakeEngine(make_run(1))) as opened:
        await opened.until(lambda: any("no.such" in notice for notice in opened.notices))
        await opened.shows("Q new")
        await opened.press("Q")
        await opened.shows("start an experiment")


@pytest.mark.parametrize("before", [(), ("n",), ("n", "enter"), ("question_mark",)])
async def test_ctrl_l_sends_every_cell_again(
    places: Places, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...]
) -> None:
    async with open_app(places, FakeEngine(make_run(1)), (80, 24)) as opened:
        await opened.press(*before)
        await opened.pilot.pause()
        sent: list[Any] = []
        monkeypatch.setattr(opened.app, "_display", lambda screen, update: sent.append(update))
        await opened.press("ctrl+l")
        whole = opened.app.screen.size.region
        await opened.until(lambda: any(isinstance(one, LayoutUpdate) and one.region == whole for one in sent))


async def test_help_shows_the_keys_of_what_has_focus(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1)), (130, 60)) as opened:
        await opened.press("question_mark")
        await opened.shows("Next run", "Next theme", "Start an experiment")
        await opened.press("escape", "tab", "question_mark")
        await opened.shows("View or crosshair to the first step", "Next theme")
        assert "Next run" not in opened.text


async def test_the_palette_finds_commands_runs_and_themes(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1), make_run(2, name="lark"))) as opened:
        await opened.press("ctrl+p")
        await opened.shows("Run: new")
        await opened.type("lark")
        await opened.shows("Go to run: lark")
        await opened.press("enter")
        await opened.until(lambda: opened.app.runs.selected and opened.app.runs.selected.spec.name == "lark")
        await opened.press("ctrl+p")
        await opened.type("contrast")
        await opened.shows("Theme: High contrast")
        await opened.press("enter")
        await opened.until(lambda: opened.app.theme == "contrast")
    assert view_state.read(places.view_state).theme == "contrast"


@pytest.mark.parametrize(
    ("typed", "found"), [("light", "day"), ("dark", "night"), ("dark mode", "night"), ("lig", "day")]
)
async def test_a_theme_is_found_by_what_else_people_call_it(places: Places, typed: str, found: str) -> None:
    async with open_app(places, FakeEngine(make_run(1))) as opened:
        opened.app.choose_theme("contrast")
        await opened.press("ctrl+p")
        await opened.type(typed)
        await opened.shows(f"Theme: {theme.TITLES[found]}")
        await opened.press("enter")
        await opened.until(lambda: opened.app.theme == found)


@pytest.mark.parametrize(
    ("named", "theme_of"), [("light", "day"), ("dark", "night"), ("contrast", "contrast")]
)
async def test_a_theme_may_be_called_light_or_dark_in_the_settings(
    places: Places, named: str, theme_of: str
) -> None:
    view_state.write(places.view_state, view_state.ViewState(theme=named))
    async with open_app(places, FakeEngine(make_run(1))) as opened:
        assert opened.app.theme == theme_of


async def test_rules_are_parsed_once_at_the_start_and_again_for_another_theme(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[object] = []
    parse = Stylesheet._parse_rules

    def counted(rules: Stylesheet, css: str, read_from: tuple[str, str], *rest: Any, **named: Any) -> Any:
        cached = len(rules._parse_cache)
        found = parse(rules, css, read_from, *rest, **named)
        if len(rules._parse_cache) > cached and read_from[0].endswith("app.tcss"):
            parsed.append(found)
        return found

    monkeypatch.setattr(Stylesheet, "_parse_rules", counted)
    view_state.write(places.view_state, view_state.ViewState(theme="day"))
    async with open_app(places, FakeEngine(make_run(1))) as opened:
        app = opened.app
        assert app.screen.styles.background.hex.lower() == theme.THEMES["day"].background
        assert len(parsed) == 1
        app.choose_theme("contrast")
        await opened.until(
            lambda: app.screen.styles.background.hex.lower() == theme.THEMES["contrast"].background
        )
        assert len(parsed) == 2


@pytest.mark.parametrize("name", theme.THEMES)
async def test_every_theme_draws_everything(places: Places, name: str) -> None:
    engine = FakeEngine(make_run(1), make_run(2, state=done()), findings=[DRIVER])
    async with open_app(places, engine) as opened:
        opened.app.choose_theme(name)
        await opened.shows("progress", "driver")
        await opened.press("question_mark")
        await opened.shows("Everywhere")


async def test_control_characters_in_names_are_shown_and_have_no_effect(places: Places) -> None:
    run = make_run(1, name=HOSTILE, params={"lr": HOSTILE, HOSTILE: 1}, notice=HOSTILE, device=HOSTILE)
    engine = FakeEngine(run, findings=[Finding("x", Severity.DANGER, HOSTILE, HOSTILE)])
    engine.logs[run.id] = HOSTILE
    engine.append(run.id, metrics(1, [1, 2], **{HOSTILE: [1.0, 2.0]}))
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.shows("[red]boo[/red]")
        for key in ("ctrl+p", "escape", "m", "R", "escape", "D", "escape"):
            await opened.press(key)
            await opened.pilot.pause(0.05)
            assert not set("\x1b\x07\x9b\u202e") & set(opened.text)
        assert not any(set("\x1b\x07\x9b\u202e") & set(notice) for notice in opened.notices)


async def test_leaving_is_one_key(places: Places) -> None:
    async with open_app(places, FakeEngine(make_run(1))) as opened:
        await opened.press("q")
        await opened.until(lambda: opened.app.return_value == 0)


async def test_an_unexpected_error_of_a_worker_is_shown_and_survived(places: Places) -> None:
    class Odd(FakeEngine):
        def list(self, query: Any) -> Any:
            raise RuntimeError("odd")

    engine = Odd(make_run(1))
    app = LabApp(places, engine.connect)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(LONG):
            while not any("odd" in notice.message for notice in app._notifications):
                await pilot.pause(0.01)
        assert app.is_running


async def test_a_refusal_of_the_engine_is_one_line(places: Places) -> None:
    engine = FakeEngine(make_run(1))

    async def refuse(run: str) -> None:
        raise EngineError("It cannot be paused now.", "Wait a moment.")

    async with open_app(places, engine) as opened:
        opened.app.connection.client.pause = refuse  # type: ignore[method-assign,assignment]
        await opened.press("p")
        await opened.until(lambda: "It cannot be paused now. Wait a moment." in opened.notices)


NOT_FOR_THE_FIRST_PICTURE = (
    "numpy", "torch", "plotext",
    "engine.axes", "engine.catalog", "engine.events", "engine.client.launch", "engine.recipe_defaults",
    "engine.sweep_protocol",
    "tui.command_palette", "tui.mnist", "tui.runs.marked_command", "tui.dialogs", "tui.data.run_history",
    "tui.sweeps", "tui.repl",
    "tui.language.tab", "tui.mnist.tab", "tui.repl.tab", "tui.sweeps.tab", "tui.xor.tab",
    "tui.cli.commands", "tui.chart.chart", "tui.ui.form", "tui.chart.chart_rows", "tui.ui.sheet",
)  # fmt: skip


def test_the_first_screen_imports_only_the_modules_it_needs() -> None:
    script = """
import asyncio, sys
from pathlib import Path
from engine.places import Places, make_private
from tui.app import LabApp
from tui.runs import tab as run_tab
run_tab.REFETCH = 3600.0  # until what is below and beside the rows is made
async def never(_): await asyncio.Event().wait()
async def main():
    app = LabApp(Places(Path(sys.argv[1])), never)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        print(sorted(set(sys.modules) & set(sys.argv[2:])))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "/nonexistent", *NOT_FOR_THE_FIRST_PICTURE], capture_output=True,
        text=True, cwd=Path(__file__).parents[2], timeout=LONG,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


async def test_a_home_that_becomes_readable_to_others_is_reported(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "HOME_CHECK", 0.05)
    engine = FakeEngine(make_run(1))
    async with open_app(places, engine) as opened:
        text = f"{places.root} has mode 0755, expected 0700: others can enter."
        engine.findings = [Finding("home", Severity.DANGER, text, f"chmod 700 {places.root}")]
        places.root.chmod(0o755)
        await opened.shows("has mode 0755, expected 0700")
        engine.findings = []
        places.root.chmod(0o700)
        await opened.until(lambda: "has mode 0755" not in opened.text)


async def test_an_engine_that_does_not_answer_is_reported_above_the_old_data(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "QUIET_SECONDS", 0.02)
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.02)
    engine = FakeEngine(make_run(1, name="alpha"))
    async with open_app(places, engine) as opened:
        await opened.shows("alpha")
        engine.is_silent = True
        await opened.shows("The engine has not answered for", "dltui engine stop", "alpha")
        engine.is_silent = False
        await opened.until(lambda: "has not answered for" not in opened.text)


async def test_damaged_events_are_counted_beside_their_run(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="alpha"))
    engine.left_out = 3
    async with open_app(places, engine, (200, 60)) as opened:
        await opened.shows("3 damaged lines of its events", "dltui verify")


async def test_an_engine_of_a_newer_version_is_named_in_one_line(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="alpha"))
    said = "The engine (process 7) is of dltui 9.9, newer than this dltui 0.1.0."
    async with open_app(places, engine) as opened:
        await opened.shows("alpha")
        engine.refusal = OtherVersion(said, "Use that dltui.", 7, is_older=False)
        engine.disconnect()
        engine.is_up = True
        await opened.shows(f"{said} Use that dltui.")
        engine.refusal, engine.notice = None, "The engine is newer."
        await opened.until(lambda: said not in opened.text)
        assert opened.notices == ["The engine is newer."]
