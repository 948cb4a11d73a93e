"""The view state: saved and restored, or defaults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol import SPEC_VERSION
from tui import view_state
from tui.view_state import ViewState


def test_what_is_written_is_read(tmp_path: Path) -> None:
    state = ViewState(selected="a", marks=["a", "b"], where="lr<1", chart={"log": True}, pane="log")
    view_state.write(tmp_path / "view.json", state)
    assert view_state.read(tmp_path / "view.json") == state
    assert [path.name for path in tmp_path.iterdir()] == ["view.json"]


def test_its_folder_is_made(tmp_path: Path) -> None:
    view_state.write(tmp_path / "new" / "view.json", ViewState(theme="day"))
    assert view_state.read(tmp_path / "new" / "view.json").theme == "day"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b'"x"', b"[" * 100_000, b"nul"])
def test_a_damaged_file_gives_the_defaults(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "view.json").write_bytes(content)
    assert view_state.read(tmp_path / "view.json") == ViewState()


def test_every_truncated_file_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "view.json"
    view_state.write(path, ViewState(selected="x", marks=["y"]))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert view_state.read(path) == ViewState()


def test_an_old_file_keeps_what_fits_and_drops_what_does_not() -> None:
    old = {
        "theme": "day",
        "marks": ["a", 3, None],
        "descending": "yes",
        "unheard_of": 1,
        "last_params": {"xor": 7},
    }
    state = view_state.from_json(old)
    assert (state.theme, state.marks, state.descending, state.last_params) == ("day", ["a"], True, {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=9,
)


@given(st.dictionaries(st.sampled_from(list(ViewState.__dataclass_fields__)), JSON))
def test_any_json_can_be_read(data: dict[str, object]) -> None:
    state = view_state.from_json(json.loads(json.dumps(data)))
    assert all(type(getattr(state, name)) is type(value) for name, value in vars_of(ViewState()).items())


def vars_of(state: ViewState) -> dict[str, object]:
    return {name: getattr(state, name) for name in ViewState.__dataclass_fields__}


def test_a_failed_write_raises_and_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "view.json").mkdir()
    with pytest.raises(OSError):
        view_state.write(tmp_path / "view.json", ViewState())
    assert [path.name for path in tmp_path.iterdir()] == ["view.json"]


def test_texts_of_older_versions_keep_their_meaning(tmp_path: Path) -> None:
    old = {"last_params": {"lm": {"lr": "0", "clip": "0"}, "sweep mnist": {"target": "0,0.9", "trials": "0"}}}
    (tmp_path / "view.json").write_text(json.dumps(old))
    state = view_state.read(tmp_path / "view.json")
    assert state.last_params == {
        "lm": {"lr": "auto", "clip": "off"}, "sweep mnist": {"target": "never,0.9", "trials": "all"},
    }  # fmt: skip
    state.last_params["lm"]["lr"] = "0"
    view_state.write(tmp_path / "view.json", state)
    assert view_state.read(tmp_path / "view.json").last_params["lm"]["lr"] == "0"


def test_a_form_is_remembered_under_the_present_name_of_its_experiment() -> None:
    old = {
        "version": SPEC_VERSION,
        "last_params": {"xor_lanes": {"draws": "all"}, "sweep xor_lanes": {"lr": "0.1"}, "xor": {"lr": "1"}},
        "last_experiment": "xor_lanes",
    }
    state = view_state.from_json(old)
    assert state.last_experiment == "xor_batch"
    assert state.last_params == {
        "xor_batch": {"draws": "all"}, "sweep xor_batch": {"lr": "0.1"}, "xor": {"lr": "1"},
    }  # fmt: skip
