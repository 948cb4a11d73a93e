"""Everything that is promised for a GPU, in at most five minutes: `make gpu`, or `python -m tests.gpu`.

It uses the Python and the PyTorch that are there, without TensorFlow and network, and installs nothing.
Every part runs in a process of its own with a time limit, and says what it dropped to keep it; the most
valuable come first. Each result is a line of JSON in --out as soon as it is measured; the table comes last.
Without a GPU the pretended driver is tried, and the rest is named as not done; with --device cpu all parts
run there with small sizes, which tries the script.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from engine.service.health import gpu_driver, gpu_frameworks
from tests.end_to_end.home import ROOT
from tests.gpu.result import GpuResult, GpuSetting, Results, append, not_done, table

PARTS = {
    "machine": ("tests.gpu.machine:results", 10),
    "mnist": ("tests.gpu.speed:mnist", 30),
    "recipe": ("tests.gpu.speed:recipe", 30),
    "lm": ("tests.gpu.speed:language", 30),
    "xor": ("tests.gpu.speed:xor", 20),
    "exact": ("tests.gpu.exact_resume:results", 50),
    "service": ("tests.gpu.service_runs:results", 90),
    "pretended": ("tests.gpu.pretended:results", 10),
    "doctor": ("tests.gpu.machine:doctor", 10),
    "tests": ("tests.gpu.repository_tests:results", 15),
}
"""name: where its results come from, and its seconds, 295 in all. The most valuable first"""
NEED_NONE = ("machine", "doctor", "pretended", "tests")
"""parts that say something on a machine without a GPU"""
SMALL = "The same code on the CPU with small sizes. No bound is judged."
LEAST = 5.0
"""seconds that are worth a part"""
MARGIN = 5.0
"""seconds before its limit at which a part begins nothing new"""
KILL = 5.0
"""seconds after its limit at which a part that has not ended is killed"""
OLDEST_TORCH = (2, 11)
PATIENCE = 3
"""times the limits, without a GPU"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__)
    parser.add_argument("--only", action="append", choices=tuple(PARTS), help="this part; may be repeated")
    parser.add_argument("--data", type=Path, help="folder with mnist/ and text/; else DLTUI_DATA")
    parser.add_argument("--out", type=Path, default=Path("gpu-results.jsonl"), help="lines of JSON")
    parser.add_argument("--seconds", type=float, default=300, help="for everything")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where PyTorch sees one")
    parser.add_argument("--part-seconds", type=float, default=LEAST, help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=tuple(PARTS), help=argparse.SUPPRESS)
    return parser.parse_args()


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def problem_with_torch() -> str:
    """One line, empty where there is none."""
    build = gpu_frameworks.torch_build()
    if build is None:
        return (
            f"{sys.executable} has no PyTorch. Try: pip install torch, or make gpu GPU_PYTHON=PATH of another"
        )
    version = tuple(int(part) for part in re.findall(r"\d+", build.version)[:2])
    if version < OLDEST_TORCH:
        return f"PyTorch {build.version} is too old, expected 2.11 or newer. Try: pip install --upgrade torch"
    return ""


def why_no_gpu() -> list[str]:
    """A line each, with the remedy, as doctor says it."""
    driver = gpu_driver.read_driver()
    findings = gpu_driver.check(driver) if driver is None or not driver.usable else []
    torch = gpu_frameworks.framework_finding("torch", gpu_frameworks.torch_build(), driver, seen=0)
    findings += [torch] if driver and driver.usable else []
    return [" ".join(filter(None, (one.text, one.remedy))) for one in findings]


def named(path: str) -> Callable[[GpuSetting], Results]:
    module, _, function = path.partition(":")
    return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]


def serve(chosen: argparse.Namespace) -> None:
    """One part in this process: a line of JSON on stdout for each result."""
    signal.signal(signal.SIGTERM, lambda *given: sys.exit(1))  # at its limit: it ends what it has started
    with tempfile.TemporaryDirectory(prefix="gpu", ignore_cleanup_errors=True) as folder:
        setting = GpuSetting(chosen.device, chosen.data, Path(folder), time.monotonic() + chosen.part_seconds)
        for result in named(PARTS[chosen.part][0])(setting):
            print(json.dumps(asdict(result), ensure_ascii=False), file=sys.__stdout__, flush=True)


def run_part(name: str, chosen: argparse.Namespace, limit: float) -> Results:
    """The results of a part as they come. What the part prints itself goes to a file beside --out."""
    words = ["--part", name, "--device", chosen.device]
    words += ["--part-seconds", f"{limit - MARGIN:.1f}"]
    words += ["--data", str(chosen.data)] if chosen.data else []
    log = chosen.out.with_name(f"{chosen.out.stem}-{name}.log")
    with (
        log.open("w") as said,
        subprocess.Popen(
            ["timeout", f"--kill-after={KILL:g}", f"{limit:.0f}", sys.executable, "-m", "tests.gpu", *words],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True,
        ) as process,
    ):  # fmt: skip
        assert process.stdout is not None
        for line in process.stdout:
            yield GpuResult(**json.loads(line))
    if process.returncode:
        why = f"over {limit:.0f} s" if process.returncode in (124, 137, -9) else f"exit {process.returncode}"
        yield not_done(name, "the rest of this part", f"{why}: {last_line(log)} ({log.name})")


def last_line(log: Path) -> str:
    return next(iter(log.read_text(errors="replace").strip().splitlines()[::-1]), "")


def main() -> int:
    chosen = arguments()
    if problem := problem_with_torch():
        print(problem, file=sys.stderr)
        return 2
    is_tried = chosen.device == "cpu"
    chosen.device = chosen.device or ("cuda" if has_gpu() else "cpu")
    named_data = chosen.data or (Path(found) if (found := os.environ.get("DLTUI_DATA")) else None)
    chosen.data = named_data.absolute() if named_data else None
    if chosen.part:
        serve(chosen)
        return 0
    chosen.out = chosen.out.absolute()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.unlink(missing_ok=True)
    if chosen.device == "cpu":
        print(*([SMALL] if is_tried else why_no_gpu()), sep="\n", flush=True)
    elif not has_gpu():
        print(*why_no_gpu(), sep="\n", file=sys.stderr)
        return 2
    results = measure(chosen, is_tried)
    print("", *table(results), sep="\n")
    return int(any(result.is_met is False for result in results))


def measure(chosen: argparse.Namespace, is_tried: bool) -> list[GpuResult]:
    """All results; each is written and printed as it comes."""
    slow = PATIENCE if chosen.device == "cpu" else 1
    until = time.monotonic() + slow * chosen.seconds - KILL
    results: list[GpuResult] = []
    for name in chosen.only or PARTS:
        left = until - time.monotonic()
        if chosen.device == "cpu" and not is_tried and name not in NEED_NONE:
            found = nothing(name, "needs a GPU")
        elif left < LEAST:
            found = nothing(name, "no time was left; --only does it alone")
        else:
            # A part alone has all the time.
            found = run_part(name, chosen, left if chosen.only else min(slow * PARTS[name][1], left))
        for result in found:
            append(chosen.out, result)
            results.append(result)
            print(f"{result.sign:2} {result.part}: {result.what}: {result.found} {result.note}", flush=True)
    return results


def nothing(name: str, why: str) -> Results:
    yield not_done(name, "all of this part", why)


if __name__ == "__main__":
    sys.exit(main())
