"""Device, threads and determinism settings of a worker."""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import MutableMapping
from dataclasses import dataclass

from engine.errors import EngineError
from engine.protocol import ON_GPU_IN_TORCH, Json, Spec
from engine.worker import framework_output

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Device:
    device: str
    """cpu or cuda"""
    name: str
    """cpu, or the name of the GPU"""
    threads: int
    versions: Json


def prepare(spec: Spec, environ: MutableMapping[str, str]) -> Device:
    """Set threads, device and seed before training. Raises EngineError if the requested GPU is missing."""
    threads = spec.threads or len(os.sched_getaffinity(0))
    for name in THREADS:
        environ.setdefault(name, str(threads))
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if spec.device == "cpu" or "CUDA_VISIBLE_DEVICES" not in environ:
        environ["CUDA_VISIBLE_DEVICES"] = ""
    if spec.framework == "torch":
        return _prepare_torch(spec, threads, bool(environ["CUDA_VISIBLE_DEVICES"]))
    if spec.framework == "tensorflow":
        return _prepare_keras(spec, threads)
    if spec.experiment in ON_GPU_IN_TORCH and environ["CUDA_VISIBLE_DEVICES"] and _torch_sees_gpu():
        return _prepare_torch(spec, threads, True)
    return _prepare_numpy(spec, threads)


def _torch_sees_gpu() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


def _prepare_torch(spec: Spec, threads: int, on_gpu: bool) -> Device:
    import torch

    from checkpoints.torch_io import strict_mode

    _check_gpu(spec, on_gpu and torch.cuda.is_available())
    on_gpu = on_gpu and torch.cuda.is_available()
    if on_gpu and spec.gpu_share < 1:
        # A share is not enforced by the GPU: without this, one run could use the memory of the others.
        torch.cuda.set_per_process_memory_fraction(spec.gpu_share)
    strict_mode(threads, spec.seed)
    versions = {"python": platform.python_version(), "torch": str(torch.__version__)}
    name = torch.cuda.get_device_name(0) if on_gpu else "cpu"
    return Device("cuda" if on_gpu else "cpu", name, threads, versions)


def _prepare_keras(spec: Spec, threads: int) -> Device:
    with framework_output.filtered_stderr():
        from checkpoints.keras_io import gpu_name, strict_mode, versions

    strict_mode(threads, spec.seed)
    name = gpu_name()
    _check_gpu(spec, name is not None)
    facts: Json = {"python": platform.python_version(), **versions()}
    return Device("cuda" if name else "cpu", name or "cpu", threads, facts)


def _prepare_numpy(spec: Spec, threads: int) -> Device:
    _check_gpu(spec, False)
    if spec.file is not None:  # ours draw from generators of their own
        import random

        import numpy as np

        random.seed(spec.seed)
        np.random.seed(spec.seed % 2**32)
    return Device("cpu", "cpu", threads, {"python": platform.python_version()})


def _check_gpu(spec: Spec, is_there: bool) -> None:
    if spec.device == "gpu" and not is_there:
        raise EngineError(
            f"A GPU was requested, but {spec.framework} finds none here.",
            "dltui doctor says why; device=cpu trains without.",
        )
