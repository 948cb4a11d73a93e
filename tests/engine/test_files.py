"""Files of a home: reading gives a value or one line of error that names the file; writing is atomic."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import math
import os
import stat
import subprocess
import threading
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


def test_a_lock_is_held_exactly_while_a_process_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    assert not files.is_locked(path)
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    assert not files.is_locked(path)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert files.is_locked(path)
    os.close(fd)
    assert not files.is_locked(path)


def test_a_lock_inherited_by_a_child_is_held_until_the_child_ends(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    child = subprocess.Popen(["sleep", "60"], pass_fds=[fd])
    os.close(fd)
    assert files.is_locked(path)
    child.kill()
    child.wait()
    assert not files.is_locked(path)


def test_a_reader_sees_the_old_text_or_the_new_one_and_never_half(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"n": 0, "pad": ""})
    done = threading.Event()

    def write() -> None:
        for n in range(200):
            files.write_json(path, {"n": n, "pad": "x" * (n * 37 % 5000)})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not done.is_set():
        data = files.read_json(path)
        assert data is not None and len(data["pad"]) == data["n"] * 37 % 5000
        seen.append(data["n"])
    writer.join()
    assert seen == sorted(seen)
    assert os.listdir(tmp_path) == ["x.json"], "no draft is left"


def test_a_failed_write_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    files.write_json(path, {"n": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(path, {"n": float("nan")})
    assert json.loads(path.read_text()) == {"n": 1}


@pytest.mark.parametrize(
    ("sync", "expected"), [(True, ["fsync file", "rename", "fsync folder"]), (False, ["rename"])]
)
def test_bytes_are_stored_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool, expected: list[str]
) -> None:
    calls: list[str] = []
    rename = os.rename

    def fsync(handle: int) -> None:
        calls.append("fsync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "fsync file")
        if calls[-1] == "fsync file":
            assert os.fstat(handle).st_size == 3, "before the fsync the bytes are with the kernel"

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", lambda old, new: (calls.append("rename"), rename(old, new)))
    files.write_bytes(tmp_path / "x", b"abc", sync=sync)
    assert calls == expected and (tmp_path / "x").read_bytes() == b"abc"
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_disk_that_fails_leaves_the_old_bytes_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    files.write_bytes(tmp_path / "x", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        files.write_bytes(tmp_path / "x", b"new")
    assert (tmp_path / "x").read_bytes() == b"old" and os.listdir(tmp_path) == ["x"]


def test_a_new_file_is_private_and_replaces_none(tmp_path: Path) -> None:
    files.write_new(tmp_path / "x", b"abc")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600
    (tmp_path / "link").symlink_to("elsewhere")
    for name in ("x", "link"):
        with pytest.raises(FileExistsError):
            files.write_new(tmp_path / name)
    assert (tmp_path / "x").read_bytes() == b"abc" and not (tmp_path / "elsewhere").exists()


def test_a_lock_that_another_holds_is_waited_for_as_long_as_was_said(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    order: list[str] = []
    is_in = threading.Event()

    def second() -> None:
        is_in.wait(60)
        with files.locked(path):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with files.locked(path):
        is_in.set()
        with (
            pytest.raises(TimeoutError, match=r"locked by another process for 0\.01 s"),
            files.locked(path, 0.01),
        ):
            pass
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"] and path.exists()


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("elsewhere")
    with pytest.raises(CorruptRun, match="link"), files.locked(tmp_path / "lock"):
        pass
