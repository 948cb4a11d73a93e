"""`import dltui_track` in a training script: what it sends, what it costs nothing, what it never does."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.exec.script_environment import TRACK_FOLDER
from tests.timeouts import LONG

ROOT = Path(__file__).parents[3]
MODULE = TRACK_FOLDER / "dltui_track.py"


LAST_CALLER = b"last caller\n"


class Receiver:
    """The other end of the socket: all lines that arrive, of all processes."""

    def __init__(self, path: Path) -> None:
        self.path, self.messages = path, list[dict[str, Any]]()
        self._is_drained = threading.Event()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(path.parent, os.O_RDONLY)
        self._listener.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        self._listener.listen()
        self._threads: list[threading.Thread] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            reading = threading.Thread(target=self._read, args=(connection,), daemon=True)
            reading.start()  # before it is listed: one that has not begun counts as ended
            self._threads.append(reading)

    def _read(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                if line == LAST_CALLER:
                    self._is_drained.set()
                else:
                    self.messages.append(json.loads(line))

    def all(self) -> list[dict[str, Any]]:
        """After every process has closed its end; those that connected are accepted in their order."""
        deadline = time.monotonic() + LONG
        self._is_drained.clear()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            folder = os.open(self.path.parent, os.O_RDONLY)
            caller.connect(f"/proc/self/fd/{folder}/{self.path.name}")
            os.close(folder)
            caller.sendall(LAST_CALLER)
        assert self._is_drained.wait(LONG)
        while not self._threads or any(thread.is_alive() for thread in list(self._threads)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self.messages

    def points(self, metric: str) -> list[tuple[int, float]]:
        series = [message["metrics"].get(metric, [[], []]) for message in self.all() if "metrics" in message]
        return [point for steps, values in series for point in zip(steps, values, strict=True)]

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path / "track.sock")
    yield made
    made.close()


def environ(receiver: Receiver | None = None) -> dict[str, str]:
    given = {name: value for name, value in os.environ.items() if name != "DLTUI_TRACK"}
    track = {"DLTUI_TRACK": str(receiver.path)} if receiver else {}
    path = os.pathsep.join(filter(None, [str(TRACK_FOLDER), os.environ.get("PYTHONPATH")]))
    return {**given, **track, "PYTHONPATH": path}


def interpreter(version: str) -> str | None:
    """That of the machine, also one of pyenv that is not chosen; None where there is none."""
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python3"))
    found = [shutil.which(f"python{version}"), *map(str, beside)]
    for path in filter(None, found):
        if subprocess.run([path, "-c", ""], capture_output=True, timeout=LONG).returncode == 0:
            return path
    return None


USES = """
import multiprocessing
import dltui_track as track
track.params(lr=0.1, other=object())
for step in range(1, 101):
    track.log(step, loss=1.0 / step, none=None)
track.image("grey", [[0, 1], [2, 3]])
track.text("words", "a text")
track.checkpoint("last.pt")
assert not track.should_stop() and track.is_active()
child = multiprocessing.get_context("fork").Process(target=lambda: track.log(7, child=1.0))
child.start()
child.join()
assert child.exitcode == 0
"""


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13"])
def test_it_logs_with_the_oldest_and_the_newest_python(receiver: Receiver, version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    environment = {**environ(receiver), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(TRACK_FOLDER)}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", USES], env=environment, capture_output=True, text=True, timeout=LONG
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert receiver.points("loss")[-1] == (100, 0.01) and receiver.points("child") == [(7, 1.0)]
    kinds = [next(iter(message)) for message in receiver.all()]
    assert sorted(kinds) == ["checkpoint", "image", "metrics", "metrics", "note", "params", "text"]


def script(text: str, receiver: Receiver | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import dltui_track\n{text}"],
        env=environ(receiver), capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip


def test_it_is_written_in_the_grammar_of_python_3_8_with_the_standard_library_alone() -> None:
    tree = ast.parse(MODULE.read_text(), feature_version=(3, 8))
    names = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names)
    assert [path.name for path in TRACK_FOLDER.glob("*.py")] == ["dltui_track.py"]


def test_an_installed_dltui_has_it_at_the_top() -> None:
    given = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", "import dltui_track; print(dltui_track.__file__)"],
        env=given, cwd="/", capture_output=True, text=True, timeout=LONG,
    )  # fmt: skip
    assert done.stdout.strip().endswith("dltui_track.py"), f"run `make test` once: {done.stderr}"


@pytest.mark.long
def test_a_wheel_has_it_at_the_top_and_alone_in_its_folder(tmp_path: Path) -> None:
    words = ["-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *words], capture_output=True, text=True, timeout=LONG
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as found:
        names = found.namelist()
        assert (
            found.read("dltui_track.py") == found.read("engine/track/dltui_track.py") == MODULE.read_bytes()
        )
    assert [name for name in names if name.startswith("engine/track/")] == ["engine/track/dltui_track.py"]


def test_outside_of_dltui_it_does_nothing() -> None:
    text = """
import threading
dltui_track.log(1, loss=object())
dltui_track.params(lr=0.1)
dltui_track.image("x", object())
dltui_track.text("x", "y")
dltui_track.checkpoint("/no/such/file")
print(dltui_track.is_active(), dltui_track.should_stop(), threading.active_count())
import signal; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)
"""
    done = script(text)
    assert (done.stdout, done.stderr) == ("False False 1\nTrue\n", "")


def test_what_is_logged_arrives_in_order_and_the_end_of_a_script_waits_for_it(receiver: Receiver) -> None:
    done = script("for step in range(1000): dltui_track.log(step, loss=step / 2)", receiver)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert receiver.points("loss") == [(step, step / 2) for step in range(1000)]


def test_what_float_takes_is_a_number_at_once_and_the_rest_is_a_note(receiver: Receiver) -> None:
    text = """
class Tensor:
    value = 0.5
    def __float__(self): return self.value
made = Tensor()
dltui_track.log(1, loss=made, count=3, word="three", other=None)
made.value = 9.0
dltui_track.log(2, loss=float("nan"))
dltui_track.log("x", loss=1.0)
"""
    done = script(text, receiver)
    assert (done.returncode, done.stderr) == (0, "")
    (first, second, *_) = receiver.points("loss")
    assert (first, second[0], second[1] != second[1]) == ((1, 0.5), 2, True)
    assert receiver.points("count") == [(1, 3.0)]
    notes = [message["note"] for message in receiver.messages if "note" in message]
    assert [note.partition(":")[0] for note in notes] == ["word", "other", "step"]


def test_threads_and_forks_lose_and_repeat_nothing(receiver: Receiver) -> None:
    text = """
import multiprocessing, os, threading
def many(name, begin):
    for step in range(begin, begin + 500): dltui_track.log(step, **{name: 1.0})
threads = [threading.Thread(target=many, args=(f"thread{n}", 0)) for n in range(4)]
for one in threads: one.start()
many("before", 0)
child = os.fork()
if child == 0:
    many("child", 0)
    raise SystemExit(0)
process = multiprocessing.get_context("fork").Process(target=many, args=("process", 0))
process.start()
many("after", 0)
for one in threads: one.join()
process.join()
os.waitpid(child, 0)
"""
    done = script(text, receiver)
    assert (done.returncode, done.stderr) == (0, "")
    names = ["before", "child", "process", "after", *(f"thread{n}" for n in range(4))]
    assert {name: len(set(receiver.points(name))) for name in names} == dict.fromkeys(names, 500)
    assert all(len(receiver.points(name)) == 500 for name in names)


def test_a_kill_loses_less_than_a_second(receiver: Receiver) -> None:
    text = "import dltui_track, time\nfor step in range(10**6): dltui_track.log(step, at=time.monotonic())"
    process = subprocess.Popen([sys.executable, "-c", f"{text}; time.sleep(0.001)"], env=environ(receiver))
    deadline = time.monotonic() + LONG
    while not receiver.messages and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.0)
    killed = time.monotonic()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert killed - receiver.points("at")[-1][1] < 1.0


def test_a_dltui_that_is_gone_is_silence(tmp_path: Path, receiver: Receiver) -> None:
    receiver.path.unlink()
    done = script("dltui_track.log(1, loss=0.5)", receiver)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_should_stop_is_true_after_sigterm(receiver: Receiver) -> None:
    text = """
import os, signal
before = dltui_track.should_stop()
os.kill(os.getpid(), signal.SIGTERM)
print(before, dltui_track.should_stop())
"""
    assert script(text, receiver).stdout == "False True\n"


def test_a_handler_of_the_script_stays(receiver: Receiver) -> None:
    text = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("mine"))
dltui_track.should_stop()
os.kill(os.getpid(), signal.SIGTERM)
print(dltui_track.should_stop())
"""
    assert script(text, receiver).stdout == "mine\nFalse\n"


def test_pictures_texts_params_and_checkpoints_are_sent(receiver: Receiver, tmp_path: Path) -> None:
    text = f"""
dltui_track.params(lr=0.1, layers=[1, 2])
dltui_track.image("grey", [[0, 1], [2, float("nan")]], step=3)
dltui_track.image("bad", "no such file")
dltui_track.text("sample", "two dogs")
dltui_track.checkpoint({str(tmp_path / "last.pt")!r}, step=7)
"""
    assert script(text, receiver).stderr == ""
    params, image, note, sample, saved = receiver.all()
    assert params == {"params": {"lr": 0.1, "layers": "[1, 2]"}}
    assert (image["image"]["tag"], image["image"]["step"]) == ("grey", 3)
    assert image["image"]["data"].startswith("iVBORw0KGgo")  # the signature of PNG
    assert note["note"].startswith("image bad: expected")
    assert sample == {"text": {"tag": "sample", "step": None, "text": "two dogs"}}
    assert saved == {"checkpoint": {"path": str(tmp_path / "last.pt"), "step": 7}}


def test_a_socket_may_have_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 40)
    folder.mkdir()
    receiver = Receiver(folder / "track.sock")
    assert script("dltui_track.log(1, loss=0.5)", receiver).stderr == ""
    assert receiver.points("loss") == [(1, 0.5)]
    receiver.close()


@pytest.mark.long
def test_a_keras_callback_logs_each_epoch(receiver: Receiver) -> None:
    text = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(loss="mse", metrics=["mae"])
data = numpy.ones((8, 2)), numpy.ones((8, 1))
model.fit(*data, epochs=3, validation_data=data, verbose=0, callbacks=[dltui_track.keras_callback()])
"""
    done = script(text, receiver)
    assert done.returncode == 0, done.stderr
    for metric in ("loss", "mae", "val_loss", "val_mae"):
        assert [step for step, _ in receiver.points(metric)] == [1, 2, 3]


def test_a_lightning_logger_logs_metrics_and_hyper_parameters(receiver: Receiver, tmp_path: Path) -> None:
    pytest.importorskip("lightning")
    text = f"""
import torch, lightning
class Model(lightning.LightningModule):
    def __init__(self, lr):
        super().__init__(); self.save_hyperparameters(); self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, index):
        loss = self.layer(batch[0]).square().mean(); self.log("train_loss", loss); return loss
    def configure_optimizers(self): return torch.optim.SGD(self.parameters(), self.hparams.lr)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 2)), batch_size=2)
trainer = lightning.Trainer(max_epochs=2, log_every_n_steps=1, logger=dltui_track.lightning_logger(),
    accelerator="cpu", enable_progress_bar=False, default_root_dir={str(tmp_path)!r})
trainer.fit(Model(0.1), data)
"""
    done = script(text, receiver)
    assert done.returncode == 0, done.stderr
    assert len(receiver.points("train_loss")) == 8
    assert {"params": {"lr": 0.1}} in receiver.messages
    assert any("checkpoint" in message for message in receiver.messages)


def test_a_transformers_callback_logs_what_the_trainer_logs(receiver: Receiver, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    text = f"""
import torch
from transformers import Trainer, TrainingArguments
class Model(torch.nn.Module):
    def __init__(self): super().__init__(); self.layer = torch.nn.Linear(2, 1)
    def forward(self, x, labels):
        out = self.layer(x)
        return {{"loss": (out - labels).square().mean(), "logits": out}}
data = [{{"x": torch.ones(2), "labels": torch.ones(1)}} for _ in range(8)]
arguments = TrainingArguments({str(tmp_path)!r}, num_train_epochs=2, per_device_train_batch_size=2,
    logging_steps=1, save_steps=4, report_to=[], use_cpu=True, disable_tqdm=True)
Trainer(Model(), arguments, train_dataset=data, callbacks=[dltui_track.transformers_callback()]).train()
"""
    done = script(text, receiver)
    assert done.returncode == 0, done.stderr
    assert [step for step, _ in receiver.points("loss")] == list(range(1, 9))
    assert any(message.get("checkpoint", {}).get("step") == 4 for message in receiver.messages)
