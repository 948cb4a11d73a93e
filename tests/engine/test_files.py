"""Files of a home are read strictly: reading gives a value, or one line of error that names the file."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import files
from engine.errors import CorruptRun
from engine.files import parse, read_bytes, read_typed
from engine.typed_json import WrongType, typed


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Wheel:
    size: float
    spokes: int = 8


@dataclass(frozen=True, slots=True)
class Cart:
    name: str
    made: float
    colour: Colour = Colour.RED
    front: Wheel | None = None
    wheels: tuple[Wheel, ...] = ()
    span: tuple[int, int] = (0, 1)
    load: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    gear: Literal["low", "high"] = "low"
    is_old: bool = False
    rest: dict[str, Any] = field(default_factory=dict)


WHOLE: dict[str, Any] = {
    "name": "n", "made": 1, "colour": "blue", "front": {"size": 2.5}, "wheels": [{"size": 1, "spokes": 3}],
    "span": [4, 5], "load": {"lr": 0.1, "on": True, "n": 3, "word": "x"}, "gear": "high", "is_old": True,
    "rest": {"a": [1, {"b": None}]},
}  # fmt: skip


def test_all_types_of_fields_are_converted() -> None:
    assert typed(WHOLE, Cart) == Cart(
        "n", 1, Colour.BLUE, Wheel(2.5), (Wheel(1, 3),), (4, 5), WHOLE["load"], "high", True, WHOLE["rest"]
    )  # fmt: skip


def test_fields_that_are_missing_have_their_defaults_and_unknown_ones_are_ignored() -> None:
    assert typed({"name": "n", "made": 0.5, "of a later version": [1]}, Cart) == Cart("n", 0.5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, "name: expected text, got 5"),
        ({"name": None}, "name: expected text, got null"),
        ({"made": "x"}, "made: expected a number, got the text 'x'"),
        ({"made": True}, "made: expected a number, got true"),
        ({"made": math.nan}, "made: expected a number, got nan"),
        ({"made": math.inf}, "made: expected a number, got inf"),
        ({"made": 10**400}, "made: expected a number, got a number of more than 18 digits"),
        ({"colour": "green"}, "colour: expected one of red, blue, got the text 'green'"),
        ({"colour": []}, "colour: expected one of red, blue, got a list"),
        ({"front": {}}, "front.size: expected a value, got nothing"),
        ({"front": 3}, "front: expected an object or null, got 3"),
        ({"front": {"size": 1, "spokes": 2.5}}, "front.spokes: expected a whole number, got 2.5"),
        ({"wheels": {}}, "wheels: expected a list, got an object"),
        ({"wheels": [{"size": 1}, {"size": []}]}, "wheels[1].size: expected a number, got a list"),
        ({"span": [1]}, "span: expected a list of 2, got a list"),
        ({"span": [1, "2"]}, "span[1]: expected a whole number, got the text '2'"),
        ({"load": []}, "load: expected an object, got a list"),
        (
            {"load": {"lr": [1]}},
            "load.lr: expected true or false or a whole number or a number or text, got a list",
        ),
        ({"gear": "third"}, "gear: expected one of low, high, got the text 'third'"),
        ({"is_old": 1}, "is_old: expected true or false, got 1"),
    ],
)
def test_a_field_of_a_wrong_type_is_reported_with_what_was_expected_and_what_came(
    change: dict[str, Any], message: str
) -> None:
    with pytest.raises(WrongType) as error:
        typed({**WHOLE, **change}, Cart)
    assert str(error.value) == message


def test_a_required_field_that_is_missing_is_reported() -> None:
    with pytest.raises(WrongType, match="made: expected a value, got nothing"):
        typed({"name": "n"}, Cart)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([each.name for each in dataclasses.fields(Cart)])


@given(st.dictionaries(NAMES, JSON))
def test_any_field_gives_a_value_or_one_line_of_error(changes: dict[str, Any]) -> None:
    try:
        made = typed({**WHOLE, **changes}, Cart)
    except WrongType as error:
        assert "\n" not in str(error) and "expected" in str(error)
    else:
        assert math.isfinite(made.made) and isinstance(made.colour, Colour)


@given(JSON.filter(lambda value: "NaN" not in json.dumps(value) and "Infinity" not in json.dumps(value)))
def test_plain_json_is_parsed_as_the_standard_library_does(value: Any) -> None:
    text = json.dumps(value)
    if any(len(word.strip("-")) > 18 for word in text.replace(",", " ").split() if word.strip("-").isdigit()):
        return
    try:
        assert parse(text.encode()) == value
    except ValueError as error:
        assert "64 bits" in str(error)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"a": NaN}', "got NaN"),
        (b'{"a": [-Infinity]}', "got -Infinity"),
        (b'{"a": 1e400}', "got 1e400"),
        (b'{"a": -1E+400}', r"got -1E\+400"),
        (b'{"a": 1' + b"0" * 400 + b".5}", "expected a finite number"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "one of 5001 digits"),
        (b'{"a": 9223372036854775808}', "at most 64 bits"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"[" * 33 + b"]" * 33, "nesting of at most 32"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nesting of at most 32"),
        (b"[" * 100_000, "nesting of at most 32"),
        (b"\xff\xfe{", "codec can't decode"),
        (b'{"a": 1} x', "Extra data"),
    ],
)
def test_text_that_is_not_strict_json_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"[" * 32 + b"]" * 32, None),
        (b'["' + b"[" * 500 + b'"]', ["[" * 500]),
        (b"[9223372036854775807, -9223372036854775807]", [2**63 - 1, 1 - 2**63]),
        (b"[1e308, 1e-400, 0.0001234567890123456789]", [1e308, 0.0, 0.0001234567890123456789]),
        (b'["\\ud800", "\xed\xa0\x80"]', ["\ufffd", "\ufffd"]),
        (b'[1, "\\ud800"]', [1, "\ufffd"]),
    ],
)
def test_unusual_but_valid_json_is_parsed(text: bytes, value: Any) -> None:
    assert value is None or parse(text) == value


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert read_typed(tmp_path / "none", Wheel) is None


def test_a_file_is_read_as_its_type(tmp_path: Path) -> None:
    (tmp_path / "wheel.json").write_text('{"size": 3, "spokes": 5}')
    assert read_typed(tmp_path / "wheel.json", Wheel) == Wheel(3, 5)


@pytest.mark.parametrize("content", [b"", b"[1]", b"null", b'{"size": "x"}', b'{"size": 1e999}', b"{" * 99])
def test_a_malformed_file_is_reported_with_its_path(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "wheel.json"
    path.write_bytes(content)
    with pytest.raises(CorruptRun) as error:
        read_typed(path, Wheel)
    assert error.value.message.startswith(str(path)) and "\n" not in error.value.message


def _folder(path: Path) -> None:
    path.mkdir()


def _to_zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def _to_nothing(path: Path) -> None:
    path.symlink_to("gone")


def _to_a_file(path: Path) -> None:
    path.with_name("other").write_text("{}")
    path.symlink_to("other")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (os.mkfifo, "is a pipe"),
        (_folder, "is a folder"),
        (_to_zero, "it is a link"),
        (_to_itself, "it is a link"),
        (_to_nothing, "it is a link"),
        (_to_a_file, "it is a link"),
    ],
)
def test_anything_but_a_regular_file_is_refused_without_blocking(
    tmp_path: Path, make: Any, message: str
) -> None:
    path = tmp_path / "file"
    make(path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(CorruptRun, match=message):
        read_bytes(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_file_in_place_of_its_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with pytest.raises(CorruptRun, match="Not a directory"):
        read_bytes(tmp_path / "run" / "spec.json")


def test_a_link_is_followed_where_that_is_allowed_but_never_to_a_device(tmp_path: Path) -> None:
    _to_a_file(tmp_path / "link")
    assert read_bytes(tmp_path / "link", follow=True) == b"{}"
    _to_zero(tmp_path / "zero")
    with pytest.raises(CorruptRun, match="is a device"):
        read_bytes(tmp_path / "zero", follow=True)
    _to_itself(tmp_path / "loop")
    with pytest.raises(CorruptRun, match="it is a link"):
        read_bytes(tmp_path / "loop", follow=True)


def test_a_file_beyond_its_bound_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CorruptRun, match="expected at most 4,194,304 bytes, got 1,099,511,627,776"):
        read_bytes(path)
    path.write_bytes(b"12345")
    assert read_bytes(path, limit=5) == b"12345"
    with pytest.raises(CorruptRun, match="at most 4 bytes"):
        read_bytes(path, limit=4)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("{}")
    os.chown(tmp_path / "theirs", 12345, 12345)
    with pytest.raises(CorruptRun, match="belongs to user 12345"):
        read_bytes(tmp_path / "theirs")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_reported(tmp_path: Path) -> None:
    (tmp_path / "closed").write_text("{}")
    (tmp_path / "closed").chmod(0)
    with pytest.raises(CorruptRun, match="Permission denied"):
        read_bytes(tmp_path / "closed")


def test_reading_is_fast_for_long_columns_of_numbers() -> None:
    """The slow decoder is used only where a number may be out of bounds."""
    line = json.dumps({"series": {"loss": [[*range(1000)], [0.123456789012345678] * 1000]}}).encode()
    alike = line.translate(files._DIGITS_ALIKE)
    assert b"0" * 19 not in alike and parse(line)["series"]["loss"][0][-1] == 999
