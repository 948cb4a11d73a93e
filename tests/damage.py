"""Damage to files of a home, as an editor, a partial copy, a power cut or another user may cause it."""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ODD_VALUES: tuple[Any, ...] = ("x", [], {}, None, True, -1.5, [[1]], {"a": "b"})
DEEP = "[" * 100_000 + "]" * 100_000
DIGITS = "9" * 5000


@dataclass(frozen=True, slots=True)
class Damage:
    name: str
    do: Callable[[Path], None]
    is_harmless: bool = False
    """what it leaves may be as good as before"""


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return do


def _replaced(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        remove(path)
        make(path)

    return do


def _flipped(seed: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        bit = random.Random(seed).randrange(len(data) * 8) if data else 0
        flipped = bytearray(data)
        if data:
            flipped[bit // 8] ^= 1 << bit % 8
        return bytes(flipped)

    return change


def _number_replaced(number: str) -> Callable[[bytes], bytes]:
    """The last number of the file becomes `number`."""

    def change(data: bytes) -> bytes:
        text = data.decode("utf-8", "replace")
        end = max((at for at, sign in enumerate(text) if sign.isdigit()), default=-1) + 1
        start = end
        while start > 0 and (text[start - 1].isdigit() or text[start - 1] in ".-"):
            start -= 1
        return (text[:start] + number + text[end:]).encode("utf-8", "replace")

    return change


def _a_folder(path: Path) -> None:
    path.mkdir()
    (path / "something").write_text("in it")


def _a_device(path: Path) -> None:
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))  # zero: reading it never ends


def of_a_file(*, flips: int = 3) -> Iterator[Damage]:
    """Damage that any file can have."""
    yield Damage("missing", remove)
    yield Damage("empty", _rewritten(lambda data: b""))
    yield Damage("cut", _rewritten(lambda data: data[: len(data) // 2]))
    for seed in range(flips):
        yield Damage(f"flipped-{seed}", _rewritten(_flipped(seed)), is_harmless=True)
    yield Damage("nan", _rewritten(_number_replaced("NaN")))
    yield Damage("infinite", _rewritten(_number_replaced("1e400")))
    yield Damage("huge", _rewritten(_number_replaced(DIGITS)))
    yield Damage("deep", _rewritten(_number_replaced(DEEP)))
    yield Damage("no-text", _rewritten(lambda data: bytes(range(256)) * 4))
    yield Damage("link-to-zero", _replaced(lambda path: path.symlink_to("/dev/zero")))
    yield Damage("link-to-nothing", _replaced(lambda path: path.symlink_to("gone")))
    yield Damage("link-to-itself", _replaced(lambda path: path.symlink_to(path.name)))
    yield Damage("pipe", _replaced(os.mkfifo))
    yield Damage("folder", _replaced(_a_folder))
    if os.geteuid() == 0:
        yield Damage("device", _replaced(_a_device))
        yield Damage("foreign", lambda path: os.chown(path, 12345, 12345))
    else:
        yield Damage("closed", lambda path: path.chmod(0))


def of_fields(whole: dict[str, Any]) -> Iterator[Damage]:
    """Damage to a JSON object: one field of another type, or missing."""
    for place, name in enumerate(whole):
        odd = ODD_VALUES[place % len(ODD_VALUES)]
        yield Damage(f"{name}-odd", _with_field(name, odd), is_harmless=True)
        yield Damage(f"{name}-list", _with_field(name, [{}]))
        yield Damage(f"{name}-missing", _with_field(name), is_harmless=True)


def _with_field(name: str, *value: Any) -> Callable[[Path], None]:
    """The field replaced by the value; without a value it is removed."""

    def do(path: Path) -> None:
        data = json.loads(path.read_bytes())
        if value:
            data[name] = value[0]
        else:
            data.pop(name, None)
        path.write_text(json.dumps(data))

    return do


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
