"""The commands of the shell, against a real engine."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.places import Places
from tests.end_to_end.home import Home

XOR = {"epochs": 300}


def test_a_run_prints_its_id_and_show_json_holds_what_was_promised(home: Home) -> None:
    run = home.start("xor", name="mine", epochs=300)
    found = home.finish(run)
    assert found["id"] == run
    assert found["name"] == "mine"
    assert found["cause"]["kind"] == "finished"
    assert (found["step"], found["total_steps"], found["seed"]) == (300, 300, 1)
    assert (found["experiment"], found["framework"], found["device"]) == ("xor", "torch", "cpu")
    assert found["params"]["epochs"] == 300
    assert 0 < found["metrics"]["loss"] < 1
    assert found["best"]["metric"] == "loss"
    assert found["created_at"] < found["started_at"] < found["ended_at"]
    (checkpoint,) = found["checkpoints"][-1:]
    assert checkpoint["step"] == 300
    assert len(checkpoint["weights_sha256"]) == 64
    assert os.path.isdir(checkpoint["path"])


@pytest.mark.long
def test_wait_exits_by_the_status_of_the_run(home: Home) -> None:
    done = home.call("run", "counter", "--set", "steps=3", "--wait", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "done"
    crashed = home.call("run", "crash", "--wait", "--json")
    assert crashed.returncode == 4
    assert json.loads(crashed.stdout)["cause"]["kind"] in ("error", "signal")


@pytest.mark.long
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(home: Home) -> None:
    runs = [home.start("xor", seed=seed, epochs=50) for seed in (7, 7, 8)]
    hashes = [home.finish(run)["checkpoints"][-1]["weights_sha256"] for run in runs]
    assert hashes[0] == hashes[1] != hashes[2]


def test_pause_frees_the_process_and_resume_ends_in_the_same_bits(home: Home) -> None:
    whole = home.finish(home.start("counter", steps=200))
    run = home.start("counter", steps=200, seconds=0.02)
    home.until(lambda: home.show(run)["step"] > 5, "some steps")
    worker = home.worker(run)
    home.dltui("pause", run)
    paused = home.reach(run, "paused")
    assert worker is not None
    assert not worker.is_alive()
    assert paused["checkpoint_step"] == paused["step"] > 5
    home.dltui("resume", run)
    assert home.finish(run)["checkpoints"][-1]["weights_sha256"] == whole["checkpoints"][-1]["weights_sha256"]


def test_stop_keeps_what_was_reached_and_says_who_stopped_it(home: Home) -> None:
    run = home.start("counter", steps=100_000, seconds=0.01)
    home.until(lambda: home.show(run)["step"] > 2, "some steps")
    home.dltui("stop", run)
    stopped = home.reach(run, "stopped")
    assert stopped["cause"]["kind"] == "user_stop"
    assert stopped["checkpoints"][-1]["step"] == stopped["step"]


def test_a_live_parameter_is_recorded_and_shown(home: Home) -> None:
    run = home.start("counter", steps=100_000, seconds=0.01)
    home.until(lambda: home.show(run)["step"] > 5, "some steps")
    home.dltui("set", run, "pace=0.005")
    assert home.until(lambda: home.show(run)["live"].get("pace") == 0.005, "pace")
    (change,) = [event for event in home.events(run) if event.kind == "set"]
    assert (change.facts["name"], change.facts["value"]) == ("pace", 0.005)
    home.dltui("stop", run)
    home.reach(run, "stopped")


@pytest.mark.long
def test_a_queued_run_says_what_it_waits_for_and_can_be_stopped(home: Home) -> None:
    cores = len(os.sched_getaffinity(0))
    held = [home.start("counter", steps=100_000, seconds=0.01) for _ in range(cores)]
    late = home.start("counter", steps=5)
    shown = home.show(late)
    assert shown["status"] == "queued"
    assert "free" in shown["state"]["why"]
    home.dltui("stop", late)
    assert home.show(late)["status"] == "stopped"
    for run in held:
        home.dltui("stop", run)


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """One engine for all that is refused: each test asserts that it left no run."""
    made = Home(Places(tmp_path_factory.mktemp("empty")))
    yield made
    made.close()


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["run", "xorr"], "xorr"),
        (["run", "xor", "--set", "lr=-1"], "lr: expected a number of 0 or more"),
        (["run", "xor", "--set", "lr=nan"], "lr: expected"),
        (["run", "xor", "--set", "lr=0,01"], "the decimal point is a dot"),
        (["run", "xor", "--set", "epochs=007"], "got '007'.\n  Write 7."),
        (["run", "xor", "--set", "patience=0"], "patience: expected never or a whole number of 1 or more"),
        (["run", "lm", "--set", "dropout=-1"], "dropout: expected auto or a number of 0 or more"),
        (["sweep", "xor", "--axis", "lr=0.1,1", "--trials", "0"], "trials: expected all or"),
        (["sweep", "xor", "--axis", "lr=0.1,1", "--parallel", "0"], "parallel: expected auto or"),
        (["generate", "a", "--top-k", "0"], "top-k: expected all or"),
        (["run", "xor", "--set", "lr"], "name=value"),
        (["run", "xor", "--set", "hidden=0"], "bypass"),
        (["run", "xor", "--set", "colour=red"], "colour"),
        (["run", "xor", "--seed", "-1"], "seed"),
        (["run", "xor", "--device", "toaster"], "toaster"),
        (["run", "xor", "--name", "../x"], "name"),
        (["show", "nothing"], "nothing"),
        (["ls", "val_loss<"], "expected"),
        (["pause", "@last"], "no run yet"),
    ],
)
def test_nonsense_gets_one_clear_line_and_starts_nothing(
    empty_home: Home, words: list[str], expected: str
) -> None:
    done = empty_home.call(*words)
    assert done.returncode in (1, 2)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2
    assert json.loads(empty_home.dltui("ls", "--json")) == []


def test_runs_answer_to_id_prefix_suffix_name_and_last(home: Home) -> None:
    run = home.start("counter", name="alpha", steps=2)
    for word in (run, run[:-2], run[-4:], "alpha", "@last"):
        assert home.show(word)["id"] == run


def test_export_gives_every_point_as_csv_and_json(home: Home) -> None:
    run = home.start("counter", steps=120)
    home.finish(run)
    rows = list(csv.DictReader(io.StringIO(home.dltui("export", run, "--csv"))))
    assert [int(row["step"]) for row in rows] == list(range(1, 121))
    data = json.loads(home.dltui("export", run, "--json"))
    assert data["curves"]["loss"]["value"][-1] == float(rows[-1]["loss"])


@pytest.mark.long
def test_plot_draws_and_compare_shows_what_differs(home: Home) -> None:
    first, second = (home.start("xor", epochs=100, lr=lr) for lr in (0.01, 0.02))
    home.finish(first)
    home.finish(second)
    drawn = home.dltui("plot", first, second, "--metric", "loss")
    assert "loss" in drawn
    assert any("⠀" < sign <= "⣿" for sign in drawn)
    data = json.loads(home.dltui("plot", first, second, "--metric", "loss", "--json"))
    assert [sorted(one["curves"]) for one in data] == [["loss"], ["loss"]]
    compared = home.dltui("compare", first, second)
    assert "lr" in compared
    assert "hidden" not in compared


@pytest.mark.long
def test_logs_show_what_the_worker_printed(home: Home) -> None:
    run = home.start("noisy", steps=3)
    home.finish(run)
    assert home.dltui("logs", run).strip()


@pytest.mark.long
def test_rm_asks_first_and_undo_brings_back(home: Home) -> None:
    run = home.start("counter", steps=3)
    before = home.finish(run)
    home.dltui("rm", run, text="n\n", status=1)
    nobody = home.call("rm", run, text="")
    assert nobody.returncode == 2 and "--yes" in nobody.stderr and "Abort" not in nobody.stderr
    assert home.show(run)["id"] == run
    removed = home.call("rm", run, "--yes")
    assert "free tomorrow; now: --now" in removed.stderr
    assert json.loads(home.dltui("ls", "--json")) == []
    (listed,) = json.loads(home.dltui("ls", "--removed", "--json"))
    assert [item["id"] for item in listed["items"]] == [run] and listed["bytes"] > 0
    assert run in home.dltui("ls", "--removed")
    assert run in home.dltui("undo")
    assert home.show(run) == before
    home.dltui("rm", run, "--yes", "--now")
    assert json.loads(home.dltui("ls", "--removed", "--json")) == []
    assert "Nothing was removed" in home.call("undo").stderr


def test_space_of_what_was_removed_is_freed_by_rm_now(home: Home) -> None:
    runs = [home.start("counter", steps=3, name=name) for name in ("a", "b", "c")]
    for run in runs:
        home.finish(run)
    home.dltui("rm", *runs, "--yes")
    home.dltui("rm", "b", "--yes", "--now")
    (left,) = json.loads(home.dltui("ls", "--removed", "--json"))
    assert {item["name"] for item in left["items"]} == {"a", "c"}
    home.dltui("rm", "--now", text="y\n")
    assert json.loads(home.dltui("ls", "--removed", "--json")) == []


@pytest.mark.long
def test_a_verb_for_several_runs_asks_once_and_says_what_it_leaves_out(home: Home) -> None:
    done = home.start("counter", steps=3, name="short")
    home.finish(done)
    long = [home.start("counter", steps=100_000, seconds=0.01, name=name) for name in ("p", "q")]
    for run in long:
        home.reach(run, "running")
    asked = home.call("stop", "--where", "experiment=counter", text="n\n")
    assert asked.returncode == 1 and "Stop 2 runs?" in asked.stderr
    assert all(run in asked.stderr for run in long)
    assert "left out: short is done and cannot be stopped now." in asked.stderr
    assert home.show(long[0])["status"] == "running"
    data = home.call("set", *long, "pace=2", "--yes", "--json")
    assert data.returncode == 0 and [run["id"] for run in json.loads(data.stdout)["runs"]] == long
    mixed = home.call("stop", "short", "p", "--yes", "--json")
    assert mixed.returncode == 1, "a run that was named was left out"
    assert [left["name"] for left in json.loads(mixed.stdout)["left_out"]] == ["short"]
    assert home.call("stop", "--where", "experiment=counter", "--yes").returncode == 0
    for run in long:
        home.reach(run, "stopped")
    assert home.call("stop", *long, "--yes").returncode == 0, "it is so already"
    assert home.call("rm", "--where", "name=nobody", "--yes").returncode == 0
    assert home.call("pause").returncode == 2
    assert home.call("rm", "--where", "nosuch=3", "--yes").returncode == 2
    removed = json.loads(home.dltui("rm", "--where", "experiment=counter", "--yes", "--json"))
    assert {item["name"] for item in removed["items"]} == {"short", "p", "q"}
    assert len(home.dltui("undo").splitlines()) == 3


def test_verify_finds_a_flipped_bit_and_resume_uses_the_older_checkpoint(home: Home) -> None:
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0.1"
    run = home.start("counter", steps=100_000, seconds=0.01)
    home.until(lambda: home.steps_saved(run) > 20, "some checkpoints")
    home.dltui("pause", run)
    paused = home.reach(run, "paused")
    newest, older = paused["checkpoints"][-1], paused["checkpoints"][-2]
    path = next(path for path in Path(newest["path"]).iterdir() if path.name != "MANIFEST.json")
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    assert "DAMAGED" in home.dltui("verify", run, status=1)
    home.dltui("resume", run)
    home.until(lambda: [e for e in home.events(run) if e.kind == "restored"], "a restored event")
    (restored,) = [e for e in home.events(run) if e.kind == "restored"]
    assert restored.facts["step"] == older["step"]
    assert any(path.name in e.facts.get("text", "") for e in home.events(run) if e.kind == "note")
    home.dltui("stop", run)


def test_the_index_can_be_thrown_away(home: Home) -> None:
    run = home.start("counter", steps=3)
    before = home.finish(run)
    home.dltui("engine", "stop")
    home.until(lambda: home.service() is None, "the end of the service")
    for path in home.places.root.glob("index.sqlite*"):
        path.unlink()
    assert home.show(run) == before
    assert home.dltui("reindex") == "1 runs found.\n"
    assert home.show(run) == before


def test_everything_on_disk_is_private_even_under_a_loose_umask(home: Home) -> None:
    before = os.umask(0)
    try:
        home.finish(home.start("counter", steps=3))
    finally:
        os.umask(before)
    for folder, folders, files in os.walk(home.places.root):
        for path in (Path(folder, name) for name in ("", *folders, *files)):
            with contextlib.suppress(FileNotFoundError):  # the engine is at work
                assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path


def test_help_needs_no_engine(home: Home) -> None:
    assert "resume" in home.dltui("--help")
    assert home.service() is None


def test_engine_stop_leaves_runs_alone_and_the_next_start_finds_them(home: Home) -> None:
    run = home.start("counter", steps=100_000, seconds=0.01)
    home.until(lambda: home.show(run)["step"] > 2, "some steps")
    worker = home.worker(run)
    home.dltui("engine", "stop")
    home.until(lambda: home.service() is None, "the end of the service")
    assert worker is not None
    assert worker.is_alive()
    assert "not running" in home.call("engine", "status").stderr
    assert home.show(run)["status"] == "running"
    home.dltui("stop", run)
    assert home.reach(run, "stopped")["cause"]["kind"] == "user_stop"


def test_a_service_whose_home_is_removed_leaves(home: Home) -> None:
    home.finish(home.start("counter", steps=3))
    service = home.service()
    assert service is not None
    while home.places.root.exists():
        shutil.rmtree(home.places.root, ignore_errors=True)  # while it writes
    home.until(lambda: not service.is_alive(), "the end of the service")


@pytest.mark.long
def test_a_damaged_event_is_left_out_counted_and_named(home: Home) -> None:
    run = home.start("xor", epochs=300)
    home.reach(run, "done")
    whole = home.dltui("export", run)
    path = home.places.runs / run / "events.jsonl"
    lines = path.read_bytes().split(b"\n")
    number = next(n for n, line in enumerate(lines) if b'"metrics"' in line and n > 2)
    offset = len(b"\n".join(lines[:number])) + 1
    lines[number] = lines[number].replace(b'"series"', b'"series!', 1)
    path.write_bytes(b"\n".join(lines))
    for verb in ("export", "plot"):
        done = home.call(verb, run)
        assert done.returncode == 0, done.stderr
        assert done.stderr == f"1 damaged line of its events left out. Which: dltui verify {run}\n"
    assert set(home.dltui("export", run).splitlines()) < set(whole.splitlines())
    output = home.dltui("verify", run, status=1)
    (damaged,) = [line for line in output.splitlines() if line.startswith("DAMAGED")]
    assert str(path) in damaged and f"byte {offset}: Not an event" in damaged
    assert [row["text"] for row in json.loads(home.dltui("verify", "--json", status=1)) if not row["ok"]]
