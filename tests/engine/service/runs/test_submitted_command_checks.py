"""Checks of submitted commands, and the values of their variables that are in no file."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import store
from engine.client import submitted_command
from engine.errors import InputError, ParamError
from engine.exec import shell_command
from engine.exec.shell_command import ShellCommand
from engine.places import Places
from engine.protocol import MediaFacts, Queued, Spec, spec_from_json
from engine.service.runs import extend_run, submitted_command_checks
from engine.service.runs.runs import read_submission, spec_of
from engine.service.runs.submitted_command_checks import WithheldValues
from engine.typed_json import to_json
from tests.engine.service.live import connect, serving

COMMAND = ShellCommand(("python", "train.py", "--lr", "{lr}", "{seed}"), "/tmp", {"A": "b"})


def request(made: ShellCommand = COMMAND, **facts: Any) -> dict[str, Any]:
    sent = {"experiment": "exec", "command": to_json(made), "params": {"lr": 0.1}, **facts}
    return json.loads(json.dumps(sent))


def test_a_command_becomes_a_run_with_the_name_of_its_script() -> None:
    spec = spec_of(read_submission(request(gpu_share=0.5, threads=3, seed=4)), 0.0)
    assert spec.command == COMMAND
    assert (spec.experiment, spec.params, spec.seed) == ("exec", {"lr": 0.1}, 4)
    assert (spec.gpu_share, spec.threads) == (0.5, 3)
    assert spec.name.startswith("train-")
    assert spec_from_json(json.loads(json.dumps(to_json(spec)))) == spec


@pytest.mark.parametrize(
    ("argv", "title"),
    [
        (("python", "-m", "my.training", "x"), "my.training"),
        (("torchrun", "--nproc", "2", "a/b/fit.py"), "fit"),
        (("/opt/bin/solver", "x"), "solver"),
        (("./«»",), "exec"),
    ],
)
def test_the_name_of_a_run_says_what_it_runs(argv: tuple[str, ...], title: str) -> None:
    assert submitted_command_checks.title_of(ShellCommand(argv, "/")) == title


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"params": {}}, r"\{lr\}: no value is given"),
        ({"made": replace(COMMAND, tensorboard="/logs/{rate}")}, r"tensorboard: the command has no \{rate\}"),
        ({"params": {"lr": 1, "no": 2}}, r"no: the command has no \{no\}"),
        ({"params": {"lr": [1]}}, "lr: expected a number or text"),
        ({"executor": "ray"}, "executor: expected local for a command"),
        ({"gpu_share": 0}, "gpu_share: expected a number above 0"),
        ({"threads": 0}, "threads: expected a whole number"),
        ({"command": {"argv": [], "folder": "/"}}, "command: expected one"),
        ({"command": {"argv": ["x"], "folder": "here"}}, "folder: expected an absolute path"),
        ({"command": {"argv": ["x\0"], "folder": "/"}}, "without NUL"),
        ({"command": {"argv": "x", "folder": "/"}}, "command.argv: expected"),
        ({"command": {"argv": ["x"], "folder": "/", "output_metrics": ["("]}}, "no regular expression"),
        ({"command": {"argv": ["x"], "folder": "/", "environ": {"A": "x" * 200_000}}}, "at most 128 KB"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_before_it_is_queued(facts: dict[str, Any], words: str) -> None:
    with pytest.raises((InputError, ParamError), match=words):
        spec_of(read_submission(request(**facts)))


def test_secret_variables_are_in_the_request_but_in_no_spec() -> None:
    environ = {
        "PATH": "/bin", "WANDB_API_KEY": "s1", "HF_TOKEN": "s2", "my_password": "s3", "CLIENT_SECRET": "s4",
        "DLTUI_TRACK": "/of/another/run",
    }  # fmt: skip
    made = submitted_command.of_shell(["true"], environ=environ, folder="/project")
    assert made.command.environ == {"PATH": "/bin"}
    assert made.withheld == {
        "WANDB_API_KEY": "s1", "HF_TOKEN": "s2", "my_password": "s3", "CLIENT_SECRET": "s4"
    }  # fmt: skip
    assert made.command.withheld == ("CLIENT_SECRET", "HF_TOKEN", "WANDB_API_KEY", "my_password")
    stored = str(to_json(spec_of(read_submission(request(made.command, params={})), 0.0)))
    assert not any(value in stored for value in made.withheld.values())


def test_clients_get_the_names_of_the_environment_alone() -> None:
    shown = shell_command.without_values(ShellCommand(("true",), "/", {"B": "hidden", "A": "hidden"}))
    assert shown.environ_names == ("A", "B")
    assert "hidden" not in str(shown)


def test_a_run_waits_for_values_that_a_restarted_service_has_not() -> None:
    command = ShellCommand(("true",), "/", withheld=("A_KEY", "B_KEY"))
    spec = Spec("one", "exec", {}, 1, "", "", 1, "cpu", 0.0, sweep="many", command=command)
    values = WithheldValues()
    assert values.why_waiting(spec).startswith("waits for A_KEY, B_KEY")
    assert values.why_waiting(spec).endswith("from a shell with them")
    values.keep("many", {"A_KEY": "a"})
    assert values.missing(spec) == ("B_KEY",)
    values.keep("one", {"B_KEY": "b", "other": "c"})
    assert values.why_waiting(spec) == ""
    assert values.of(spec) == {"A_KEY": "a", "B_KEY": "b"}


def test_the_umask_and_the_gpus_of_the_shell_are_kept() -> None:
    before = os.umask(0o027)
    try:
        made = submitted_command.of_shell(["true"], environ={"CUDA_VISIBLE_DEVICES": "1"})
    finally:
        os.umask(before)
    assert (made.command.umask, made.command.gpus) == (0o027, "1")
    assert made.command.folder == str(Path.cwd())


def test_what_a_command_saved_is_listed_with_what_became_of_it(tmp_path: Path) -> None:
    from engine.events import EventWriter

    saved = tmp_path / "last.pt"
    saved.write_bytes(b"x")
    writer = EventWriter(tmp_path / "events.jsonl")
    for step, path in ((1, saved), (2, tmp_path / "gone.pt"), (3, saved)):
        writer.append("checkpoint", step=step, path=str(path), weights_sha256="", bytes=1)
    for kind, step in (("image", 3), ("text", 4), ("image", 5)):
        writer.append(kind, step=step, tag="sample", text="words", file="images/sample.png")
    writer.close()
    found, media = submitted_command_checks.saved_by_command(tmp_path / "events.jsonl")
    assert media == (MediaFacts("image", "sample", 2, 5), MediaFacts("text", "sample", 1, 4))
    assert [(one.step, Path(one.path).name, bool(one.damaged)) for one in found] == [
        (2, "gone.pt", True), (3, "last.pt", False)
    ]  # fmt: skip


async def test_a_command_is_run_again_with_the_environment_that_the_service_has(places: Places) -> None:
    command = ShellCommand(("true", "{lr}"), "/", {"A": "b"}, withheld=("C_KEY",), kinds={"lr": "float"})
    async with serving(places) as service, await connect(places) as client:
        first = await client.request(
            "submit", **request(command, name="first", token="one", withheld={"C_KEY": "hidden"})
        )
        again = await client.submit("exec", {"lr": 0.5}, seed=2, like=first["run"]["id"])
        spec = store.read_spec(store.folder_of(places, again.id))
        assert spec.command == command
        assert (spec.params, spec.seed) == ({"lr": 0.5}, 2)
        assert service.runs.withheld.of(spec) == {"C_KEY": "hidden"}
        assert again.spec.command is not None and again.spec.command.environ == {}


async def test_a_command_is_run_again_with_other_texts_in_the_shell_of_the_run(places: Places) -> None:
    command = ShellCommand(("true", "{lr}"), "/", {"A": "b"}, withheld=("C_KEY",), kinds={"lr": "float"})
    async with serving(places) as service, await connect(places) as client:
        facts = request(command, name="first", token="one", withheld={"C_KEY": "hidden"}, gpu_share=0.5)
        first = await client.request("submit", **facts)
        told = (await client.show(first["run"]["id"])).spec.command
        assert told is not None
        made = await client.submit_command(submitted_command.again(told, first["run"]["id"], {"lr": "0.50"}))
        spec = store.read_spec(store.folder_of(places, made.id))
        assert spec.command == replace(command, texts={"lr": ("0.50",)})
        assert (spec.params, spec.gpu_share) == ({"lr": 0.5}, 0.5)
        assert service.runs.withheld.of(spec) == {"C_KEY": "hidden"}


async def test_a_command_is_swept_in_the_shell_of_a_run_and_again_in_that_of_the_sweep(
    places: Places,
) -> None:
    command = ShellCommand(("true", "{lr}"), "/", {"A": "b"}, withheld=("C_KEY",), kinds={"lr": "int"})
    async with serving(places) as service, await connect(places) as client:
        facts = request(command, name="first", token="one", withheld={"C_KEY": "hidden"})
        like = (await client.request("submit", **facts))["run"]["id"]
        for _ in range(2):
            again = submitted_command.again(command, like, {}, ["lr=0.50,1"])
            made = await client.sweep_submit("exec", ["lr=0.50,1"], submitted=again, metric="loss")
            assert made.spec.command is not None and made.spec.command.environ == {}
            kept = json.loads((places.sweeps / made.id / "sweep.json").read_bytes())["command"]
            assert (kept["environ"], kept["kinds"]) == ({"A": "b"}, {"lr": "float"})
            assert service.runs.withheld.values(command, made.id) == {"C_KEY": "hidden"}
            like = made.id


def test_a_command_is_not_extended_whatever_its_placeholders_are_called() -> None:
    command = ShellCommand(("train", "{epochs}"), "/", kinds={"epochs": "int"})
    spec = Spec("one", "exec", {"epochs": 3}, 1, "", "", 1, "cpu", 0.0, command=command)
    with pytest.raises(ParamError, match="cannot be extended"):
        extend_run.extended_lengths(spec, {"epochs": "5"})


async def test_a_resume_that_brings_the_missing_values_says_what_it_waits_for_then(places: Places) -> None:
    command = ShellCommand(("true", "{lr}"), "/", withheld=("A_KEY", "B_KEY"), kinds={"lr": "float"})
    async with serving(places), await connect(places) as client:
        made = await client.request("submit", **request(command, name="first", token="one"))
        run = made["run"]["id"]
        one = await client.resume(run, withheld={"A_KEY": "a"})
        assert isinstance(one.state, Queued) and one.state.why.startswith("waits for B_KEY")
        both = await client.resume(run, withheld={"B_KEY": "b"})
        assert isinstance(both.state, Queued) and both.state.why == "waits for its turn"
