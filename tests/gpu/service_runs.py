"""The service on a GPU machine, used through commands: pause frees the memory, runs share a GPU, a run that
takes too much memory harms no other, a killed worker resumes, memory of others is respected."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from engine.system_metrics import GPU_BYTES, GPU_USE, is_of_gpu, values_of
from tests.end_to_end.home import ENDED, Home, kill
from tests.gpu.result import (
    GpuResult,
    GpuSetting,
    Results,
    check,
    dropped,
    home_of,
    not_done,
    seconds,
)

GIB = 1 << 30
NET = {"model": "double_conv", "every": 100_000, "epochs": 1000}
HOG = '''"""Takes more memory of the GPU than there is, after a second."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Params:
    seconds: float = 1.0


def train(params, run):
    import time

    import torch

    run.total(10)
    run.log(1, loss=1.0)
    time.sleep(params.seconds)
    kept = [torch.empty(8 << 30, dtype=torch.uint8, device=run.device) for _ in range(64)]
    run.log(2, loss=float(len(kept)))
'''
HOLDER = """import sys, time
import torch
held = torch.ones(3 << 30, dtype=torch.uint8, device="cuda")
torch.cuda.synchronize()
print("held", flush=True)
sys.stdin.read()
"""


def results(setting: GpuSetting) -> Results:
    home = home_of(setting)
    home.environ["DLTUI_CHECKPOINT_SECONDS"] = "0.5"
    home.environ["DLTUI_SYSTEM_SECONDS"] = "1"
    if setting.on_gpu and used_memory() is None:
        yield not_done(
            "service", "all of this part", "NVML does not answer; pip install nvidia-ml-py asks it"
        )
        return
    checks = (pause_and_kill, kill_of_each, out_of_memory, memory_of_others, two_on_one, limited_shell)
    try:
        for one in checks:
            if setting.has_seconds(8):
                yield from one(home, setting)
            else:
                yield dropped("service", (one.__doc__ or "").partition("\n")[0])
    finally:
        home.dltui("engine", "stop", status=None)
        home.close()


def begun(home: Home, setting: GpuSetting, *words: str, iterations: int, seed: int = 1) -> str:
    """The id of a run of double_conv on the GPU."""
    given = [word for key, value in NET.items() for word in ("--set", f"{key}={value}")]
    where = ("--device", "gpu") if setting.on_gpu else ("--device", "cpu", "--threads", "1")
    line = ["run", "mnist", "--seed", str(seed), *where, *given]
    return home.dltui(*line, "--set", f"iterations={iterations}", *words).strip()


def weights(found: dict[str, Any]) -> Any:
    return found["checkpoints"][-1]["weights_sha256"]


# --- pause, kill ---


def pause_and_kill(home: Home, setting: GpuSetting) -> Results:
    """Pause frees the memory; killed and resumed it ends with the same weights."""
    small = 20_000 if setting.data is None else 3000  # of the 8x8 digits more
    steps, share = setting.size(40_000, small), ("--gpu-share", "0.3") if setting.on_gpu else ()
    before = used_memory()
    run = begun(home, setting, *share, iterations=steps)
    home.until(lambda: home.show(run)["step"] > steps // 10, "some steps")
    held = used_memory()
    began = time.monotonic()
    home.dltui("pause", run)
    if before is None or held is None:
        yield not_done("service", "pause frees the memory of the GPU", "no GPU driver")
    else:
        while (now := used_memory() or 0) > before + 64 * 2**20 and time.monotonic() - began < 10:
            time.sleep(0.02)
        yield seconds("service", f"pause, {mib(held)} held to {mib(now)}, {mib(before)} before",
                      time.monotonic() - began, 2, 0.5)  # fmt: skip
    is_paused = home.reach(run, "paused", "done")["status"] == "paused"
    others = [begun(home, setting, *share, iterations=steps, seed=seed) for seed in (1, 2)]
    home.dltui("resume", run, status=None)
    home.until(lambda: home.steps_saved(run) > steps // 3, "more steps")
    killed = kill(home.worker(run))
    end, whole, other = (weights(home.finish(one)) for one in (run, *others))
    yield check("service", "paused, resumed, killed and resumed: the weights of a run that was not",
                end == whole and is_paused and killed,
                note="" if is_paused and killed else "it had ended before: this proves nothing")  # fmt: skip
    yield check("service", "another seed gives other weights", other != whole)
    yield use_over_time(home, run, setting)


def use_over_time(home: Home, run: str, setting: GpuSetting) -> GpuResult:
    """What the service measured of the GPU while the run trained."""
    if not setting.on_gpu:
        return not_done("service", "use of the GPU over time", "needs a GPU")
    found = [values_of(event.facts) for event in home.events(run) if event.kind == "system"]
    use = [value for one in found for name, value in one.items() if is_of_gpu(name, GPU_USE)]
    memory = [value for one in found for name, value in one.items() if is_of_gpu(name, GPU_BYTES)]
    text = f"{len(use)} readings, {min(use, default=0):.0f} to {max(use, default=0):.0f} % in use"
    text += f", {mib(int(max(memory, default=0)))} at most"
    return check("service", "use of the GPU over time", bool(use) and max(use) > 0, text)


KILLED: dict[str, tuple[str, dict[str, Any]]] = {
    "mnist dropout": ("mnist", {"model": "double_conv_dropout", "every": 100_000, "iterations": 20_000}),
    "mnist_recipe fast": ("mnist_recipe", {"recipe": "fast", "epochs": 20}),
    "mnist_recipe accurate": ("mnist_recipe", {"recipe": "accurate", "epochs": 8}),
    "lm LSTM": ("lm", {"framework": "torch", "batch": 32, "epochs": 8, "dropout": 0.3}),
    "lm transformer": ("lm", {"model": "transformer", "batch": 32, "epochs": 8, "dropout": 0.3}),
    "xor": ("xor", {"epochs": 4000}),
    "xor_batch": ("xor_batch", {"axes": "hidden=1..4; seed=1..20000", "epochs": 40_000, "patience": "never"}),
    "xor_grid": ("xor_grid", {"runs": 60}),
    "leak": ("leak", {"steps": 4000, "every": 1000}),
}
SMALL_KILLED = {
    "xor": {"epochs": 3000},
    "xor_grid": {},
    "xor_batch": {"axes": "hidden=1..4; seed=1..300", "epochs": 20_000},
}
"""those that are tried without a GPU, and what makes them short"""


def kill_of_each(home: Home, setting: GpuSetting) -> Results:
    """Each experiment, killed with SIGKILL in mid-run and started again, all at the same time."""
    names = list(KILLED) if setting.on_gpu else list(SMALL_KILLED)
    if setting.data is None:
        names = [name for name in names if not name.startswith("lm ")]
        yield not_done("service", "lm killed", "needs the captions: --data DIR")
    pairs = {name: tuple(submitted(home, setting, name) for _ in range(2)) for name in names}
    waiting, killed = dict(pairs), set()
    while waiting and setting.has_seconds(6):
        for name, (_, victim) in list(waiting.items()):
            found = home.show(victim)
            is_over = found["status"] in ENDED
            if is_over or (found["status"] == "running" and home.steps_saved(victim) > 0):
                killed |= {name} if not is_over and kill(home.worker(victim)) else set()
                del waiting[name]
    for name, runs in pairs.items():
        if not have_ended(home, runs, setting):
            yield dropped("service", f"{name} killed")
            continue
        ends = [weights(home.show(run)) for run in runs]
        note = "" if name in killed else "it had ended before the kill: this proves nothing"
        yield check("service", f"{name} killed and started again: the same weights",
                    ends[0] == ends[1] and name in killed, note=note)  # fmt: skip


def have_ended(home: Home, runs: tuple[str, ...], setting: GpuSetting) -> bool:
    """Whether all of them are done before the seconds of the part are used; what has ended otherwise is
    resumed."""
    while setting.has_seconds(3):
        statuses = {run: home.show(run)["status"] for run in runs}
        if set(statuses.values()) == {"done"}:
            return True
        for run, status in statuses.items():
            if status in ENDED and status != "done":
                home.dltui("resume", run, status=None)
        time.sleep(0.2)
    return False


def submitted(home: Home, setting: GpuSetting, name: str) -> str:
    experiment, given = KILLED[name]
    given = given if setting.on_gpu else {**given, **SMALL_KILLED[name]}
    on_gpu = setting.on_gpu and name != "xor_grid"  # which trains on the CPU alone
    where = ("--device", "gpu", "--gpu-share", "0.06") if on_gpu else ("--device", "cpu")
    values = [word for key, value in given.items() for word in ("--set", f"{key}={value}")]
    return home.dltui("run", experiment, *where, *values).strip()


def used_memory() -> int | None:
    """Bytes in use on all GPUs; None without a driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(at) for at in range(pynvml.nvmlDeviceGetCount())]
        return sum(int(pynvml.nvmlDeviceGetMemoryInfo(handle).used) for handle in handles)
    except Exception:  # no package, no driver, no permission: all mean that nothing is known
        return None


def mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"


# --- neighbours ---


def two_on_one(home: Home, setting: GpuSetting) -> Results:
    """Two runs share one GPU."""
    share = ("--gpu-share", "0.4") if setting.on_gpu else ()
    steps = setting.size(20_000, 8000)
    runs = [begun(home, setting, *share, iterations=steps, seed=seed) for seed in (3, 4)]
    together = bool(home.until(
        lambda: all(home.show(run)["status"] == "running" and home.show(run)["step"] > 0 for run in runs)
        or any(home.show(run)["status"] == "done" for run in runs), "both"))  # fmt: skip
    both = together and all(home.show(run)["status"] == "running" for run in runs)
    ended = [home.finish(run)["status"] for run in runs]
    yield check("service", "two runs share one GPU and end", both and ended == ["done", "done"],
                note="" if both else "they did not train at the same time")  # fmt: skip


def out_of_memory(home: Home, setting: GpuSetting) -> Results:
    """Out of GPU memory is told as such, and survived by the neighbour."""
    if not setting.on_gpu:
        yield not_done("service", "out of GPU memory is told as such", "needs a GPU")
        return
    path = setting.folder / "hog.py"
    path.write_text(HOG)
    neighbour = begun(home, setting, "--gpu-share", "0.3", iterations=30_000)
    home.until(lambda: home.show(neighbour)["step"] > 0, "a step")
    line = ["run", str(path), "--device", "gpu", "--gpu-share", "0.3"]
    hog = home.dltui(*line).strip()
    failed = home.reach(hog, "failed", "done")
    cause = failed.get("cause") or {}
    yield check("service", "out of GPU memory is told as such", cause.get("kind") == "out_of_memory",
                f"{cause.get('kind')}: {cause.get('text')}"[:120])  # fmt: skip
    yield check("service", "its neighbour trains on", home.finish(neighbour)["status"] == "done")


# --- memory of others, the user's limit ---


@contextlib.contextmanager
def another_program() -> Iterator[None]:
    """A process of somebody else that holds 3 GiB of the GPU."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "held\n":
            raise RuntimeError("the other program could not take memory of the GPU")
        try:
            yield
        finally:
            process.kill()


def memory_of_others(home: Home, setting: GpuSetting) -> Results:
    """Memory of another program closes a GPU."""
    if not setting.on_gpu:
        yield not_done("service", "memory of another program closes a GPU", "needs a GPU")
        return
    with another_program():
        run = begun(home, setting, iterations=100)
        why = home.until(
            lambda: (found := home.show(run))["status"] != "queued" or found["state"].get("why"), "a reason"
        )
        yield check(
            "service", "another program's memory is respected", "used by others" in str(why), str(why)
        )
    began = time.monotonic()
    done = home.finish(run)["status"]
    yield check("service", "its end opens the GPU", done == "done", f"{time.monotonic() - began:.1f} s")


def is_placed_or_waits(home: Home, run: str) -> bool:
    found = home.show(run)
    return found["status"] != "queued" or bool(found["state"].get("why"))


def limited_shell(home: Home, setting: GpuSetting) -> Results:
    """CUDA_VISIBLE_DEVICES of the shell that submits leaves no GPU: the run waits and says why."""
    if not setting.on_gpu:
        yield not_done("service", "CUDA_VISIBLE_DEVICES of the shell is honoured", "needs a GPU")
        return
    limited = Home(home.places, {**home.environ, "CUDA_VISIBLE_DEVICES": "7"})
    for what, line in (
        ("run", ["run", "mnist", "--device", "gpu", "--set", "iterations=50"]),
        ("exec", ["exec", "--device", "gpu", "--", sys.executable, "-c", "pass"]),
    ):
        run = limited.dltui(*line).strip().splitlines()[-1]
        home.until(partial(is_placed_or_waits, home, run), "a reason")
        found = home.show(run)
        waits = found["status"] == "queued" and "CUDA_VISIBLE_DEVICES" in str(found["state"].get("why"))
        yield check("service", f"CUDA_VISIBLE_DEVICES of the shell, {what}", waits,
                    f"{found['status']}: {found['state'].get('why', '')}"[:120])  # fmt: skip
        home.dltui("stop", run, status=None)
