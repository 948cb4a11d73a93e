"""PromptSampling parameters of the prompt."""

from __future__ import annotations

import json

import pytest
import typer

from engine.errors import ParamError
from engine.params import declared
from engine.sampling import Sampling, SamplingParams
from tui.cli.commands import app
from tui.repl.sampling_settings import PromptSampling, from_json
from tui.repl.slash_commands import BY_NAME


def test_the_parameters_that_were_set_are_requested() -> None:
    sampling = PromptSampling().set("temperature", "0.1").set("length", "9").set("topk", "5").set("seed", "3")
    facts = sampling.generate_params("love i")
    assert facts.pop("seed") == 3
    made = SamplingParams(**facts)  # type: ignore[arg-type]
    assert (made.temperature, made.length, made.top_k, made.until_end) == (0.1, 9, 5, True)
    assert made.repetition == 1
    assert sampling.set("repetition", "1.5").generate_params("love i")["repetition"] == 1.5


def test_the_length_is_that_of_the_whole_sentence_as_on_the_command_line() -> None:
    assert PromptSampling().set("length", "7").generate_params("love i")["length"] == 7
    assert PromptSampling().generate_params("love i")["length"] == 12, "unset: ten are added"
    assert PromptSampling(length=7).set("length", "more") == PromptSampling()
    assert from_json({"length": 10}) == PromptSampling(), "a length of before counted added words"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("temperature", "nan"), ("temperature", "-1"), ("temperature", "hot"),
        ("temperature", "0.0001"), ("temperature", ""),
        ("length", "0"), ("length", "1000000000"), ("length", "1.5"), ("length", "9" * 99),
        ("topp", "0"), ("topp", "1.1"), ("topk", "-3"), ("topk", "0"), ("seed", "-1"), ("width", "65"),
        ("repetition", "0.9"), ("repetition", "often"),
    ],
)  # fmt: skip
def test_an_invalid_value_is_an_error_of_one_line(name: str, text: str) -> None:
    with pytest.raises(ParamError, match=f"/{name}: expected") as caught:
        PromptSampling().set(name, text)
    assert "\n" not in str(caught.value)


def test_a_seed_can_be_fresh_again() -> None:
    assert PromptSampling(seed=4).set("seed", "").seed is None
    assert PromptSampling(seed=4).set("seed", "fresh").seed is None
    assert PromptSampling(top_k=4).set("topk", "all").generate_params("")["top_k"] is None
    assert PromptSampling().generate_params("")["seed"] is None


def test_it_is_read_from_json_with_defaults_for_damaged_values() -> None:
    sampling = PromptSampling(temperature=0.5, length=7, seed=1, top_k=3, top_p=0.9, width=2, repetition=1.2)
    assert from_json(sampling.to_json()) == sampling
    assert from_json({"temperature": "hot", "length": -1, "seed": True}) == PromptSampling()
    assert from_json(None) == PromptSampling()


def test_numbers_that_meant_none_in_older_files_are_read_as_none() -> None:
    assert from_json({"seed": -1, "topk": 0, "sentence_length": 0, "width": 3}) == PromptSampling(width=3)


def test_the_file_of_the_view_is_written_as_ever() -> None:
    assert json.dumps(PromptSampling().to_json()) == (
        '{"temperature": 1.0, "sentence_length": null, "seed": null, "topk": null, "topp": 1.0, "width": 4, '
        '"repetition": 1.0}'
    )


def test_every_sampling_parameter_is_an_option_a_slash_command_and_a_request() -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for param in declared(Sampling):
        for verb in ("generate", "both"):
            (option,) = (one for one in verbs[verb].params if one.name == param.name)
            assert (option.opts, option.help) == ([f"--{param.name.replace('_', '-')}"], param.help)
        command = BY_NAME[param.name.replace("_", "")]
        sampling = PromptSampling().set(command.name, "1")
        assert sampling.generate_params("")[param.name] == 1
        assert param.help.endswith(command.help)
