"""Hostile text in every place where the app and the commands show text."""

from __future__ import annotations

import json
import os
import subprocess
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import process_identity
from engine.places import Places
from tests.chaos import scaled
from tests.end_to_end.escapes import HIDDEN, foreign_in_app, foreign_in_command
from tests.end_to_end.home import Home
from tests.end_to_end.hostile_run import as_file_name, write_hostile_run
from tests.end_to_end.terminal import Terminal
from tests.fakes.hostile_text import EVERYTHING, PAYLOADS
from tui.terminal.plain_text import plain

AMPLE = (200, 60)
ACTS = [text for text in PAYLOADS if any(unicodedata.category(sign) in HIDDEN for sign in text)]
MARKUP = [text for text in PAYLOADS if text.isprintable() and set(text) & set("[]$:\\")]


def has_surrogate(text: str) -> bool:
    return any(0xD800 <= ord(sign) < 0xE000 for sign in text)


def marked(number: int) -> str:
    """A payload behind a number that identifies it."""
    return f"~{number}~{PAYLOADS[number % len(PAYLOADS)]}"


def whole(text: str) -> str:
    return "".join(sign for sign in text if not has_surrogate(sign))


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with hostile runs, shared by the tests, which do not change it.

    The newest runs have markup in their names, the next one holds every payload; these are running, so that a
    parameter can be set.
    """
    home = made(tmp_path_factory.mktemp("hostile_home"))
    asleep = subprocess.Popen(["sleep", "infinity"])
    keeper = process_identity.of(asleep.pid)
    for number in range(0, len(PAYLOADS), 2):
        write_hostile_run(home.places, number, whole(marked(number)), whole(marked(number + 1)))
    write_hostile_run(home.places, 500, whole(EVERYTHING), whole(EVERYTHING), keeper=keeper)
    for number, text in enumerate(MARKUP):
        write_hostile_run(home.places, 600 + number, f"~{number}~{text}", "1", keeper=keeper)
    yield home
    home.close()
    asleep.kill()
    asleep.wait()


@pytest.fixture
def hostile_home(shared_home: Home) -> Home:
    """The home without a saved view."""
    shared_home.places.view_state.unlink(missing_ok=True)
    return shared_home


def made(folder: Path) -> Home:
    root = folder / "home"
    root.mkdir(mode=0o700)
    return Home(Places(root))


def checked(terminal: Terminal, copied: frozenset[str] = frozenset()) -> None:
    """Assert that only allowed sequences were sent and that the app is running."""
    assert terminal.status is None, (
        f"the app has ended: {bytes(terminal.raw)[-3000:].decode(errors='replace')}"
    )
    raw = bytes(terminal.raw)
    raw = raw[: raw.rfind(b"\x1b")]  # the last sequence may be incomplete
    assert foreign_in_app(raw, AMPLE, copied) == []
    assert raw.count(b"\x1b[?1049h") == 1
    assert b"\x1b[?1049l" not in raw
    for number in range(len(PAYLOADS)):
        assert number in HARMLESS or marked(number).encode("utf-8", "surrogatepass")[:40] not in raw


HARMLESS = [number for number, text in enumerate(PAYLOADS) if text == plain(text)]
"""shown as they are"""


def walk(terminal: Terminal, runs: list[str]) -> None:
    """Move the cursor down over each of these runs."""
    for run in runs:
        terminal.shows(plain(run)[:60])
        terminal.press("j")


def ids(home: Home) -> list[str]:
    """Newest first, as the table has them."""
    return sorted((path.name for path in home.places.runs.iterdir()), reverse=True)


@pytest.mark.long
def test_every_pane_shows_hostile_runs_and_nothing_acts(hostile_home: Home) -> None:
    with Terminal(hostile_home.full_environ(), size=AMPLE) as terminal:
        walk(terminal, ids(hostile_home))
        checked(terminal)


@pytest.mark.long
def test_markup_is_shown_as_it_was_written(hostile_home: Home) -> None:
    with Terminal(hostile_home.full_environ(), size=AMPLE) as terminal:
        terminal.shows("~")
        terminal.press("g")
        for number, text in reversed(list(enumerate(MARKUP))):
            name = f"~{number}~{text}"
            terminal.shows(f"id          20240101-{600 + number:06}")
            for key, words in (("b", f"{name} is the"), ("L", f"set live: {name}"), ("D", f"Remove {name}?")):
                terminal.press(key)
                terminal.shows(words[:40])
                if key != "b":
                    terminal.press("esc")
                    terminal.until(
                        lambda words=words: words[:40] not in terminal.text, "the dialog is closed"
                    )
            terminal.press("j")
        checked(terminal)


def test_every_dialog_shows_the_worst_of_all_runs_and_nothing_acts(hostile_home: Home) -> None:
    with Terminal(hostile_home.full_environ(), size=AMPLE) as terminal:
        terminal.shows("~")
        terminal.press("g", *"j" * len(MARKUP))
        terminal.shows("id          20240101-000500")
        for key, words in (
            ("R", "launch"),
            ("L", "set live"),
            ("D", "Remove "),
            ("?", "keys"),
            ("ctrl+p", "Run"),
        ):
            terminal.press(key)
            terminal.shows(words)
            terminal.press("esc")
        terminal.press("k", "space", "d")
        terminal.shows("compare 2 runs")
        terminal.press("esc", "f", "y", "v", "m", "m")
        terminal.shows("step")
        checked(terminal)


def test_the_palette_finds_runs_with_markup_in_their_ids(tmp_path: Path) -> None:
    home = made(tmp_path)
    for number, text in enumerate(MARKUP):
        write_hostile_run(
            home.places, number, f"odd-{number}", "1", f"2024-1-{os.fsdecode(as_file_name(text))}"
        )
    try:
        with Terminal(home.full_environ()) as terminal:
            terminal.shows("odd-")
            terminal.press("ctrl+p")
            terminal.shows("Run: new")
            terminal.write(b"go to run")
            terminal.shows("Go to run: odd-1", "[red]red[\u2215red]")
            checked(terminal)
    finally:
        home.close()


@pytest.mark.parametrize("size", [(100, 30), (70, 18)], ids=str)
def test_smaller_terminals_show_every_pane_in_turn(hostile_home: Home, size: tuple[int, int]) -> None:
    with Terminal(hostile_home.full_environ(), size=size) as terminal:
        terminal.shows("~")
        for _ in range(8):
            terminal.press(*"jjl")
            time.sleep(0.1)
        terminal.press("?")
        terminal.shows("esc")
        checked(terminal)


def test_saved_views_and_key_files_may_be_hostile(tmp_path: Path) -> None:
    home = made(tmp_path)
    text = whole(EVERYTHING)
    names = ("theme", "selected", "baseline", "sort", "pane", "metric", "last_experiment")
    view = {**dict.fromkeys(names, text), "marks": [text], "chart": {"metric": text, text: text}}
    view |= {"where": text[:900], "last_params": {"xor": {"lr": text}}}
    home.places.view_state.write_text(json.dumps(view))
    home.places.keymap.write_text(json.dumps({text: text, "run.pause": text, "run.stop": "[/]"}))
    write_hostile_run(home.places, 1, text, text)
    try:
        with Terminal(home.full_environ(), size=AMPLE) as terminal:
            terminal.shows("keys.json")
            terminal.press("n")
            terminal.shows("start an experiment")
            terminal.press("enter")
            terminal.shows("launch")
            checked(terminal)
    finally:
        home.close()


COMMANDS = (
    ["ls", "--limit", "200"], ["show", "@500"], ["logs", "@500"], ["plot", "@500"], ["compare", "@500", "@0"],
    ["verify", "@500"], ["ls", "TEXT"], ["ls", "--sort", "TEXT"], ["show", "TEXT"], ["run", "TEXT"],
    ["run", "counter", "--set", "TEXT"], ["run", "counter", "--name", "TEXT"],
    ["plot", "@500", "--metric", "TEXT"],
)  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_say_hostile_text_harmlessly(hostile_home: Home, words: list[str]) -> None:
    text = whole(EVERYTHING).replace("\0", "")
    names = {"TEXT": text, "@500": "20240101-000500-planted-01f4", "@0": "20240101-000000-planted-0000"}
    with Terminal(hostile_home.full_environ(), *(names.get(word, word) for word in words)) as terminal:
        terminal.wait()
        assert len(terminal.raw) > 20
        assert foreign_in_command(bytes(terminal.raw)) == []
        assert b"Traceback" not in terminal.raw


def test_a_question_before_deleting_does_not_act(tmp_path: Path) -> None:
    home = made(tmp_path)
    write_hostile_run(home.places, 1, "victim", "1", "2024-1-\x1b]52;c;AAAA\x07")
    try:
        with Terminal(home.full_environ(), "rm", "victim") as terminal:
            terminal.shows("[y/N]")
            terminal.write(b"n\r")
            terminal.wait()
            assert foreign_in_command(bytes(terminal.raw)) == []
    finally:
        home.close()


@pytest.mark.long
@pytest.mark.parametrize("error", ["error", "data"])
def test_what_a_worker_prints_notes_measures_and_raises_does_not_act(home: Home, error: str) -> None:
    steps = len(PAYLOADS)
    words = ["run", "hostile", "--set", f"steps={steps}", "--set", f"at={steps}", "--set", f"error={error}"]
    with Terminal(home.full_environ(), *words, "--set", "seconds=0.005", "--wait", size=AMPLE) as waiting:
        waiting.wait()
        assert b"failed" in waiting.raw
        with Terminal(home.full_environ(), size=AMPLE) as terminal:
            terminal.shows("failed", "hostile")
            terminal.press("m", "m")
            terminal.shows("id  ")
            checked(terminal)
        assert foreign_in_command(bytes(waiting.raw)) == []


@pytest.mark.parametrize("text", ["\ud800", "\udc9b31m"], ids=ascii)
def test_half_a_character_in_a_run_folder_stops_nothing(home: Home, text: str) -> None:
    good = write_hostile_run(home.places, 1, "good", "1")
    write_hostile_run(home.places, 2, f"half {text}", text)
    with Terminal(home.full_environ(), size=AMPLE) as terminal:
        terminal.shows("good")
        checked(terminal)
    assert [run["id"] for run in json.loads(home.dltui("ls", "--json"))][-1] == good


def test_a_folder_name_that_is_no_unicode_stops_nothing(home: Home) -> None:
    good = write_hostile_run(home.places, 1, "good", "1")
    write_hostile_run(home.places, 2, "odd", "1", os.fsdecode(b"20240101-000002-odd-\xff\x9b31m"))
    assert good in home.dltui("ls")


def test_a_word_that_is_no_unicode_gets_a_clear_answer(home: Home) -> None:
    assert "not UTF-8" in home.call("show", "\udcff").stderr


def test_a_paste_of_ten_megabytes_is_cut_and_the_next_key_is_heard_soon(hostile_home: Home) -> None:
    with Terminal(hostile_home.full_environ()) as terminal:
        terminal.shows("~")
        terminal.press("/")
        terminal.shows("experiment=xor")
        before = terminal.cpu_seconds
        terminal.paste(b"W" * 10_000_000)
        terminal.press("home")
        terminal.write(b"Q")
        terminal.shows(" QWWWWW")
        assert terminal.cpu_seconds - before < 5
        terminal.press("esc")
        terminal.shows("~1~")
        checked(terminal)


@pytest.mark.parametrize("field", ["filter", "form"])
def test_pasted_sequences_are_text_not_keys(hostile_home: Home, field: str) -> None:
    with Terminal(hostile_home.full_environ()) as terminal:
        terminal.shows("~")
        terminal.press("/" if field == "filter" else "R")
        terminal.shows("experiment=xor" if field == "filter" else "launch")
        terminal.press("ctrl+u")
        terminal.paste("a\x1b[31mb\x1b]52;c;AAAA\x07c\u202ed\x9b31me".encode())
        terminal.shows("a␛[31mb␛]52;c;AAAA␇c")
        checked(terminal)


def test_a_paste_into_the_table_presses_no_key(home: Home) -> None:
    run = home.start("counter", steps=5)
    home.reach(run, "done")
    with Terminal(home.full_environ()) as terminal:
        terminal.shows("done")
        terminal.paste(b"\x1b[DDDD" + b"." * 60)
        time.sleep(0.5)
        assert "Remove " not in terminal.text
        terminal.press("esc", "?")
        terminal.shows("esc")
    assert home.show(run)["status"] == "done"


NASTY = "".join(ACTS)[:2000] + "[]/@=#$\\ a\"'"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=scaled(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(st.text(st.characters() | st.sampled_from(whole(NASTY))), min_size=100, max_size=100))
def test_any_text_is_shown_and_does_not_act(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    home = made(tmp_path_factory.mktemp("any"))
    for number in range(0, len(texts), 5):
        write_hostile_run(home.places, number, texts[number], "".join(texts[number : number + 5]))
    try:
        with Terminal(home.full_environ(), size=AMPLE) as terminal:
            walk(terminal, ids(home))
            checked(terminal)
    finally:
        home.close()
