"""What a training script tells `dltui exec`: metrics, parameters, images, text, tables, checkpoints.

    import dltui_track

    dltui_track.params(lr=0.1, batch=64)
    for step in range(steps):
        ...
        dltui_track.log(step, loss=loss)
        if dltui_track.should_stop():
            dltui_track.checkpoint(save("last.pt"))
            break

Outside `dltui exec` every function does nothing. None of them raises for what a script logs, and none waits
for dltui: a thread sends what was logged four times a second, each process of a script for itself. Hooks:
`keras_callback()`, `lightning_logger()`, `transformers_callback()`.

Standard library only, Python 3.8 or newer: this file is loaded by the interpreter of the script.
"""

from __future__ import annotations

import atexit
import base64
import collections
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import zlib
from typing import Any, Iterator

SEND_SECONDS = 0.25
"""between two messages: what a kill loses at most, twice that on a busy machine"""
MOST_WAITING = 500_000
"""logged values that wait while dltui takes none; older ones are dropped"""
END_SECONDS = 2.0
"""that the end of a script waits for dltui to take the rest"""
MOST_BYTES = 4 * 1024 * 1024
"""of one message: a larger image or text is not sent"""

_SOCKET = "DLTUI_TRACK"
_BATCH = 5_000


def is_active() -> bool:
    """Whether dltui started this script and takes what it logs."""
    return _sender is not None


def log(step: int, **values: Any) -> None:
    """Log metrics: numbers, or what `float` makes one of, such as a tensor of one element.

    The steps of a metric increase; the first value of a step is kept.
    """
    if _sender is not None:
        _sender.log(step, values)


def params(**values: Any) -> None:
    """Add parameters to those that the command was given: numbers, text, true or false."""
    if _sender is not None:
        _sender.tell({"params": {name: _plain(value) for name, value in values.items()}})


def image(tag: str, picture: Any, step: int | None = None) -> None:
    """Keep a picture: the path of a PNG or JPEG file, its bytes, or rows of grey values (also an array)."""
    if _sender is not None:
        data = _encoded(picture)
        if data is None:
            _sender.warn(f"image {tag}: expected a PNG or JPEG file, its bytes, or rows of numbers")
        else:
            _sender.tell(
                {"image": {"tag": tag, "step": step, "data": base64.b64encode(data).decode("ascii")}}
            )


def text(tag: str, content: str, step: int | None = None) -> None:
    """Keep a text."""
    if _sender is not None:
        _sender.tell({"text": {"tag": tag, "step": step, "text": str(content)}})


def table(tag: str, columns: Any, rows: Any, step: int | None = None) -> None:
    """Keep a table of 1,000 rows and 100 columns at most: cells are numbers, text, true, false or None."""
    if _sender is not None:
        try:
            cells = [[_plain(cell) for cell in row] for row in rows]
            facts = {"tag": tag, "step": step, "columns": [str(name) for name in columns], "rows": cells}
        except TypeError:
            _sender.warn(f"table {tag}: expected a list of columns and a list of rows: it is not kept")
        else:
            _sender.tell({"table": facts})


def histogram(tag: str, values: Any, step: int | None = None) -> None:
    """Keep the distribution of numbers in 64 buckets: an array, a tensor, or lists of numbers.

    Values that are not finite are left out.
    """
    if _sender is not None:
        try:
            buckets = _buckets(values)
        except Exception:
            _sender.warn(f"histogram {tag}: expected numbers: it is not kept")
        else:
            _sender.tell({"histogram": {"tag": tag, "step": step, "buckets": buckets}})


def should_stop() -> bool:
    """Whether a pause or stop was requested: save, call `checkpoint`, and leave.

    Without a call of this function the script ends at once by SIGTERM, unless it has a handler of its own.
    """
    if _sender is None:
        return False
    if not _sender.asks_to_stop:
        _sender.handle_sigterm()
    return _sender.stop_requested


def checkpoint(path: Any, step: int | None = None) -> None:
    """List a file or folder that the script has saved with the run; dltui does not copy or open it."""
    if _sender is not None:
        _sender.tell({"checkpoint": {"path": os.path.abspath(os.fspath(path)), "step": step}})


def flush(seconds: float = END_SECONDS) -> None:
    """Wait until dltui has taken what was logged, `seconds` at most."""
    if _sender is not None:
        _sender.flush(seconds)


# --- sending ----------------------------------------------------------------------------------------------


class _Sender:
    """Sends the records of this process. After a fork the child makes one of its own."""

    def __init__(self, path: str) -> None:
        self.asks_to_stop = False
        self.stop_requested = False
        self._path = path
        self._values: collections.deque[tuple[int, dict[str, Any]]] = collections.deque(maxlen=MOST_WAITING)
        self._others: collections.deque[dict[str, Any]] = collections.deque()
        self._wake = threading.Event()
        self._is_awake = False
        self._sending = threading.Lock()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._is_lost = False
        self._warned: dict[str, bool] = {}

    def log(self, step: int, values: dict[str, Any]) -> None:
        for name, value in values.items():
            if type(value) is not float:
                self._convert(name, value, values)
                if name not in values:
                    return self.log(step, values)  # without the one that is no number
        if type(step) is not int:
            try:
                step = int(step)
            except Exception:
                self.warn(f"step: expected a whole number, got {step!r}: nothing is logged")
                return
        self._values.append((step, values))
        if not self._is_awake:
            self._start()

    def _convert(self, name: str, value: Any, values: dict[str, Any]) -> None:
        """Replace the value by a float, at once: a tensor may be changed in place by the next step."""
        try:
            values[name] = float(value)
        except Exception:
            del values[name]
            self.warn(f"{name}: expected a number, got {type(value).__name__}: it is not logged")

    def tell(self, record: dict[str, Any]) -> None:
        self._others.append(record)
        if not self._is_awake:
            self._start()

    def warn(self, message: str) -> None:
        """Once per text."""
        if message not in self._warned and len(self._warned) < 100:
            self._warned[message] = True
            self.tell({"note": message})

    def handle_sigterm(self) -> None:
        self.asks_to_stop = True
        try:
            if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
                signal.signal(signal.SIGTERM, self._on_sigterm)
        except ValueError:
            pass  # not the main thread: SIGTERM ends the script

    def _on_sigterm(self, number: int, frame: Any) -> None:
        self.stop_requested = True

    def _start(self) -> None:
        self._is_awake = True
        self._wake.set()
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="dltui_track", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:
                pass  # the interpreter ends: `flush` sends the rest
            _at_end_of_child()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            time.sleep(SEND_SECONDS)
            self._is_awake = False  # before the queue is read: what is logged from here on wakes again
            try:
                self._send_all(None)
            except Exception:
                self._give_up()
            if self._is_lost:
                return

    def flush(self, seconds: float) -> None:
        try:
            self._send_all(time.monotonic() + seconds)
        except Exception:
            self._give_up()

    def _send_all(self, deadline: float | None) -> None:
        if not self._sending.acquire(timeout=-1 if deadline is None else END_SECONDS):
            return
        try:
            while self._values or self._others:
                if self._is_lost:
                    self._values.clear()
                    self._others.clear()
                    return
                self._write(self._next_message(), deadline)
        finally:
            self._sending.release()

    def _next_message(self) -> bytes:
        if self._values:
            return self._metrics()
        record = self._others.popleft()
        data = json.dumps(record).encode("utf-8") + b"\n"
        if len(data) > MOST_BYTES:
            kind = next(iter(record))
            tag = record[kind].get("tag", "") if isinstance(record[kind], dict) else ""
            message = f"{kind} {tag}: {len(data):,} bytes are more than dltui takes"
            data = json.dumps({"note": message}).encode("utf-8") + b"\n"
        return data

    def _metrics(self) -> bytes:
        series: dict[str, list[list[Any]]] = {}
        take = self._values.popleft
        for _ in range(min(len(self._values), _BATCH)):
            step, values = take()
            for name, value in values.items():
                columns = series.get(name)
                if columns is None:
                    columns = series[name] = [[], []]
                columns[0].append(step)
                columns[1].append(value)
        return json.dumps({"metrics": series}, separators=(",", ":")).encode("utf-8") + b"\n"

    def _write(self, data: bytes, deadline: float | None) -> None:
        if self._socket is None:
            self._socket = self._connect()
        self._socket.settimeout(None if deadline is None else max(0.01, deadline - time.monotonic()))
        self._socket.sendall(data)

    def _connect(self) -> socket.socket:
        """The path may be longer than the address of a socket: it is named relative to its folder then."""
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder, name = os.path.split(self._path)
        fd = os.open(folder, os.O_RDONLY)
        try:
            made.connect(f"/proc/self/fd/{fd}/{name}" if len(self._path) > 100 else self._path)
        finally:
            os.close(fd)
        return made

    def _give_up(self) -> None:
        """dltui takes nothing any more: from here on nothing is kept."""
        global _sender
        self._is_lost = True
        self._values.clear()
        self._others.clear()
        if not self.asks_to_stop:
            _sender = None


def _after_fork() -> None:
    """The parent sends what it has logged; the child begins with nothing, a lock and a thread of its own."""
    global _sender
    if _sender is not None:
        before, _sender = _sender, _Sender(_sender._path)
        _sender.asks_to_stop, _sender.stop_requested = before.asks_to_stop, before.stop_requested
        if before._socket is not None:
            try:
                os.close(before._socket.detach())
            except OSError:
                pass
        if before.asks_to_stop and signal.getsignal(signal.SIGTERM) == before._on_sigterm:
            signal.signal(signal.SIGTERM, _sender._on_sigterm)


def _at_end_of_child() -> None:
    """A process of `multiprocessing` ends without the functions of `atexit`."""
    module = sys.modules.get("multiprocessing.util")
    if module is not None and sys.modules["multiprocessing"].parent_process() is not None:
        module.Finalize(None, flush, exitpriority=0)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    try:
        return value.item()  # a number of NumPy or of a tensor
    except Exception:
        return str(value)


# --- pictures ---------------------------------------------------------------------------------------------

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"


def _encoded(picture: Any) -> bytes | None:
    """The bytes of a PNG or JPEG file; None where it is no picture."""
    try:
        if isinstance(picture, (str, os.PathLike)):
            with open(picture, "rb") as file:
                picture = file.read(MOST_BYTES)
        if isinstance(picture, (bytes, bytearray)):
            return bytes(picture) if bytes(picture[:8]).startswith((_PNG, _JPEG)) else None
        for conversion in ("detach", "cpu", "tolist"):
            picture = getattr(picture, conversion)() if hasattr(picture, conversion) else picture
        return _png([[float(value) for value in row] for row in picture])
    except Exception:
        return None


def _png(rows: list[list[float]]) -> bytes | None:
    """Grey: the smallest value black, the largest white, values that are not finite black."""
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        return None
    finite = [value for row in rows for value in row if abs(value) < float("inf")]
    low, high = min(finite or [0.0]), max(finite or [0.0])
    scale = 255 / (high - low) if high > low else 0.0
    lines = [
        b"\0" + bytes(int((value - low) * scale) if abs(value) < float("inf") else 0 for value in row)
        for row in rows
    ]
    head = struct.pack(">2I5B", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


# --- histograms -------------------------------------------------------------------------------------------

_BUCKETS = 64


def _buckets(values: Any) -> list[list[float]]:
    """(left, right, count) each. NumPy counts where the script has imported it."""
    for conversion in ("detach", "cpu", "double"):
        values = getattr(values, conversion)() if hasattr(values, conversion) else values
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        array = numpy.asarray(values, dtype=float).ravel()
        array = array[numpy.isfinite(array)]
        low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
        if low < high:
            counts, edges = numpy.histogram(array, _BUCKETS, (low, high))
            edges, counts = edges.tolist(), counts.tolist()
            return [[edges[k], edges[k + 1], float(count)] for k, count in enumerate(counts)]
        return [[low, high, float(array.size)]] if array.size else []
    found = [value for value in _numbers(values) if abs(value) < float("inf")]
    low, high = min(found or [0.0]), max(found or [0.0])
    if low == high:
        return [[low, high, float(len(found))]] if found else []
    width = (high - low) / _BUCKETS
    counts = [0.0] * _BUCKETS
    for value in found:
        counts[min(_BUCKETS - 1, int((value - low) / width))] += 1
    return [[low + k * width, low + (k + 1) * width, count] for k, count in enumerate(counts)]


def _numbers(values: Any) -> Iterator[float]:
    """The numbers of lists within each other."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, (int, float)):
        yield float(values)
    else:
        for value in values:
            yield from _numbers(value)


# --- hooks: the library is imported when one is made ------------------------------------------------------


def keras_callback() -> Any:
    """For `model.fit(..., callbacks=[dltui_track.keras_callback()])`: the logs of each epoch."""
    try:
        import keras
    except ImportError:
        from tensorflow import keras

    class _KerasCallback(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            log(epoch + 1, **(logs or {}))

        def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
            if should_stop():
                self.model.stop_training = True

    return _KerasCallback()


def lightning_logger() -> Any:
    """For `Trainer(logger=dltui_track.lightning_logger())`: metrics, hyper-parameters, checkpoints."""
    try:
        from lightning.pytorch.loggers.logger import Logger
        from lightning.pytorch.utilities import rank_zero_only
    except ImportError:
        from pytorch_lightning.loggers.logger import Logger
        from pytorch_lightning.utilities import rank_zero_only

    class _LightningLogger(Logger):  # type: ignore[misc]
        name = "dltui"
        version = os.environ.get("DLTUI_ATTEMPT", "0")

        @rank_zero_only  # type: ignore[untyped-decorator]
        def log_metrics(self, metrics: dict[str, Any], step: int | None = None) -> None:
            log(step or 0, **metrics)

        @rank_zero_only  # type: ignore[untyped-decorator]
        def log_hyperparams(self, given: Any, *args: Any, **kwargs: Any) -> None:
            values = given if isinstance(given, dict) else vars(given)
            params(**{str(name): value for name, value in values.items()})

        @rank_zero_only  # type: ignore[untyped-decorator]
        def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
            path = getattr(checkpoint_callback, "best_model_path", "") or getattr(
                checkpoint_callback, "last_model_path", ""
            )
            if path:
                checkpoint(path)

    return _LightningLogger()


def transformers_callback() -> Any:
    """For `Trainer(..., callbacks=[dltui_track.transformers_callback()])` of Hugging Face."""
    from transformers import TrainerCallback

    class _TransformersCallback(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.is_world_process_zero:
                params(learning_rate=args.learning_rate, batch=args.per_device_train_batch_size)

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
            if state.is_world_process_zero:
                numbers = {n: v for n, v in (logs or {}).items() if isinstance(v, (int, float))}
                log(state.global_step, **numbers)

        def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.is_world_process_zero:
                folder = os.path.join(args.output_dir, f"checkpoint-{state.global_step}")
                checkpoint(folder, step=state.global_step)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
            if should_stop():
                control.should_save = True
                control.should_training_stop = True
            return control

    return _TransformersCallback()


_sender: _Sender | None = _Sender(os.environ[_SOCKET]) if os.environ.get(_SOCKET) else None
if _sender is not None:
    atexit.register(flush)
    os.register_at_fork(after_in_child=_after_fork)
__all__ = [
    "checkpoint", "flush", "image", "is_active", "keras_callback", "lightning_logger", "log", "params",
    "should_stop", "text", "transformers_callback",
]  # fmt: skip
