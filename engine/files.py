"""Files of a home: strict reading, atomic writing, locks.

These files may have been copied, edited or damaged: reading takes regular files of a bounded size, strict
JSON and typed fields, never blocks, and returns a value or raises CorruptRun, which names the file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from io import BufferedReader, BufferedWriter
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from engine.errors import CorruptRun
from engine.typed_json import WHOLE_LIMIT, typed
from engine.unicode_text import replace_surrogates

T = TypeVar("T")
LIMIT = 4 * 1024 * 1024
"""most bytes of a JSON file, where the caller gives no other limit"""
DEPTH = 32
"""most lists and objects nested in each other"""
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
FileVersion = tuple[int, int, int]
LOCK_POLL = 0.05
"""seconds"""
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_LISTS_ALONE = bytes.maketrans(b"{}", b"[]")
_DIGITS_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")


def read_typed(path: Path, kind: type[T]) -> T | None:
    """The JSON in `path` as a `kind`, a dataclass; None when there is no such file. Raises CorruptRun.

    Fields that `kind` does not have are ignored: a newer version may have written them.
    """
    data = read_json(path)
    return None if data is None else checked(path, lambda: typed(data, kind))


def read_json(path: Path, *, limit: int = LIMIT, follow: bool = False) -> dict[str, Any] | None:
    """The JSON object in `path`; None when there is no such file. Raises CorruptRun."""
    data = read_bytes(path, limit=limit, follow=follow)
    return None if data is None else checked(path, lambda: parse_object(data))


def checked(path: Path, read: Callable[[], T]) -> T:
    """The result of `read`; its ValueError becomes a CorruptRun that names `path`."""
    try:
        return read()
    except ValueError as error:
        raise CorruptRun(f"{path} cannot be read: {error}.") from error


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def version_of(path: Path) -> FileVersion | None:
    """Other numbers once the file is written or replaced; None where it cannot be read."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def status_of(path: Path) -> os.stat_result:
    """Raises CorruptRun."""
    try:
        return path.stat()
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror}.") from error


def text_of(path: Path) -> str:
    """The text of a file of the system; empty where it cannot be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def read_bytes(path: Path, *, limit: int = LIMIT, follow: bool = False) -> bytes | None:
    """All of `path`; None when there is no such file. Raises CorruptRun."""
    try:
        with open_regular(path, follow=follow) as file:
            size = os.fstat(file.fileno()).st_size
            data = file.read(limit + 1) if size <= limit else b""
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CorruptRun(f"{path} cannot be read: {error.strerror or error}.") from error
    if max(size, len(data)) > limit:
        raise CorruptRun(
            f"{path} cannot be read: expected at most {limit:,} bytes, got {max(size, len(data)):,}."
        )
    return data


def open_regular(path: Path, *, follow: bool = False, foreign: bool = False) -> BufferedReader:
    """Open a regular file for reading, without blocking. Raises FileNotFoundError and CorruptRun.

    Links are refused unless `follow`, files of another user (except root) unless `foreign`.
    """
    try:
        handle = os.open(path, _FLAGS | (0 if follow else os.O_NOFOLLOW))
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError) and not os.path.islink(path):
            raise
        raise CorruptRun(f"{path} cannot be opened: {_reason(path, error)}.") from error
    try:
        _check(path, os.fstat(handle), foreign)
        os.set_blocking(handle, True)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def open_to_append(path: Path) -> int:
    """As `open_to_write`, with O_APPEND."""
    return open_to_write(path, os.O_APPEND)


def open_log(path: Path, limit: int) -> int:
    """As `open_to_append`; a log of more than `limit` bytes is emptied."""
    log = open_to_append(path)
    if os.fstat(log).st_size > limit:
        os.ftruncate(log, 0)
    return log


def open_to_write(path: Path, more: int = 0) -> int:
    """A descriptor for reading and writing; the file is created where there is none. Does not block.

    `more` are further flags of os.open. Raises OSError, and CorruptRun where `path` is not a regular file of
    this user.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | more
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise CorruptRun(f"{path} cannot be opened: {_reason(path, error)}.") from error
        raise
    try:
        _check(path, os.fstat(handle), foreign=False)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _reason(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"it is a link to {os.readlink(path)}, which does not exist"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link, expected a regular file"
    return str(getattr(error, "strerror", None) or error)


def _check(path: Path, found: os.stat_result, foreign: bool) -> None:
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        raise CorruptRun(f"{path} is {KINDS.get(kind, 'no regular file')}, expected a regular file.")
    if not foreign and found.st_uid not in (0, os.geteuid()):
        raise CorruptRun(f"{path} belongs to user {found.st_uid}, expected {os.geteuid()} (you).")


# --- writing ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[BufferedWriter]:
    """A file beside `path` to write to; at the end it replaces `path`: readers see the old bytes or the new.

    With `sync` bytes and name are on stable storage then. Where anything fails, `path` stays as it is, and
    the file beside it is removed. Raises OSError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(handle)
        os.rename(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    if sync:
        sync_path(path.parent)


def write_bytes(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Replace the bytes of `path`, as `replacing` does. Raises OSError."""
    with replacing(path, sync=sync) as file:
        file.write(data)


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Replace the JSON of `path`, as `replacing` does. Raises OSError, ValueError for NaN and infinities."""
    write_bytes(path, json.dumps(data, allow_nan=False).encode("ascii"))


def write_new(path: Path | str, data: bytes = b"") -> None:
    """Create `path`, private to this user. Raises OSError, also where it exists."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        while data:
            data = data[os.write(handle, data) :]
    finally:
        os.close(handle)


def sync_path(path: Path) -> None:
    """Wait until the bytes of a file, or the names in a folder, are on stable storage. Raises OSError."""
    handle = os.open(path, _FLAGS)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- locks ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def locked(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Hold the lock file `path`, which is kept: removing it would let two processes in.

    Raises TimeoutError where another process holds it for longer than `seconds` (None: wait for ever),
    OSError and CorruptRun.
    """
    handle = open_to_write(path)
    try:
        if seconds is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _wait_for_lock(handle, path, seconds)
        yield
    finally:
        os.close(handle)


def _wait_for_lock(handle: int, path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not try_lock(handle):
        if time.monotonic() >= deadline:
            raise TimeoutError(errno.ETIMEDOUT, f"locked by another process for {seconds:g} s", str(path))
        time.sleep(LOCK_POLL)


def try_lock(handle: int, *, shared: bool = False) -> bool:
    """Lock an open file; False where another process holds its lock. Closing unlocks. Raises OSError."""
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock file `path`; this takes the lock for a moment. Raises OSError."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not try_lock(handle)
    finally:
        os.close(handle)


# --- strict JSON ------------------------------------------------------------------------------------------


def parse_object(data: bytes) -> dict[str, Any]:
    """Parse one JSON object. Raises ValueError as `parse` does, and for any other JSON value."""
    value = parse(data)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, got {type(value).__name__}")
    return value


def parse(data: bytes) -> Any:
    """Parse strict JSON; lone surrogates become U+FFFD.

    Raises ValueError, also for NaN, infinities, duplicate keys, whole numbers beyond 64 bits, and nesting
    deeper than DEPTH.
    """
    outside = data if b"\\" in data else b'""'.join(data.split(b'"')[::2])  # of strings, which may be long
    alike = outside.translate(_DIGITS_ALIKE)
    is_plain = b"0" * 19 not in alike and b"e000" not in alike and b"e+000" not in alike
    try:
        value = (_PLAIN if is_plain else _CAREFUL).decode(data.decode("utf-8", "surrogatepass"))
    except RecursionError:
        raise ValueError(f"expected nesting of at most {DEPTH}, got more") from None
    if outside.count(b"[") + outside.count(b"{") > DEPTH and _may_be_deep(outside):
        _check_depth(value)
    return replace_surrogates(value) if b"\\u" in data or b"\xed" in data else value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is there twice")
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"expected a finite number, got {text}")


def _parse_int(text: str) -> int:
    value = int(text) if len(text) <= 20 else WHOLE_LIMIT
    if not -WHOLE_LIMIT < value < WHOLE_LIMIT:
        raise ValueError(f"expected a whole number of at most 64 bits, got one of {len(text)} digits")
    return value


def _parse_float(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError(f"expected a finite number, got {text[:40]}")
    return value


_PLAIN = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_constant=_refuse_constant,
    parse_int=_parse_int,
    parse_float=_parse_float,
)
"""five times slower for long columns: used only where a number may be out of bounds"""


def _may_be_deep(data: bytes) -> bool:
    """False where nesting is within DEPTH; brackets inside strings may give a false True."""
    brackets = data.translate(_LISTS_ALONE, _NO_BRACKETS)
    for _ in range(DEPTH):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return False
    return True


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH):
        level = [one for each in level if isinstance(each, list | dict)
                 for one in (each.values() if isinstance(each, dict) else each)]  # fmt: skip
        if not level:
            return
    raise ValueError(f"expected nesting of at most {DEPTH}, got more")
