"""The environment variables of a worker: a function of the spec and the device."""

from __future__ import annotations

from collections.abc import Mapping

from engine.engine_path import python_path
from engine.protocol import Spec

DETERMINISM = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "MKL_DYNAMIC": "FALSE",
    "PYTHONHASHSEED": "0",
}
THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)
PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""idle threads sleep instead of spinning, which took 74 % of the throughput of two busy cores. NumPy's spin
for a tenth of a second after every product, which took a third from a run with live pictures"""
MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""large tensors are reused instead of being mapped and faulted in anew at each step, in huge pages where the
system grants them on request: 8 % more words a second, for PyTorch and for TensorFlow"""
PLAIN = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}
TENSORFLOW = {
    "KERAS_BACKEND": "tensorflow",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
"""the same kernels are chosen each time"""


def environment(spec: Spec, device: str, base: Mapping[str, str], cores: int) -> dict[str, str]:
    """`base` with everything that has to be set before a framework is imported.

    `device` is cpu or the UUID of a GPU; a spec with 0 threads gets `cores` of them.
    """
    threads = str(spec.threads or cores)
    return {
        **_with_data(spec, base),
        **DETERMINISM,
        **PASSIVE,
        **MEMORY,
        **PLAIN,
        **TENSORFLOW,
        **dict.fromkeys(THREADS, threads),
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        "TF_CPP_MIN_LOG_LEVEL": "3" if device == "cpu" else "1",  # without a GPU it warns of having none
        "PYTHONPATH": python_path(base),
    }


def _with_data(spec: Spec, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with the spec's data folder as DLTUI_DATA.

    Specs without the field (version 1) keep the value of `base`, the service's environment.
    """
    if spec.data is None:
        return dict(base)
    others = {name: value for name, value in base.items() if name != "DLTUI_DATA"}
    return {**others, "DLTUI_DATA": spec.data} if spec.data else others
