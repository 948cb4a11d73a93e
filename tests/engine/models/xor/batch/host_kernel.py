"""The CUDA kernel of XOR networks, compiled for the processor: a thread after the other."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from engine.models.xor.batch.arrays import NetGroup
from engine.models.xor.batch.device_kernel import POINTERS, Launch, source_of

BEFORE = """
#include <math.h>
#define __global__
#define __launch_bounds__(threads)
struct Coordinates { int x; };
static Coordinates blockIdx = {0}, blockDim = {0}, threadIdx = {0};
static float __int_as_float(int) { return INFINITY; }
"""
AFTER = """
extern "C" void train_all(void **a, int done, int epochs, int width) {
    for (threadIdx.x = 0; threadIdx.x < width; threadIdx.x++)
        train((float *)a[0], (float *)a[1], (float *)a[2], (float *)a[3], (float *)a[4], (float *)a[5],
              (float *)a[6], (int *)a[7], (float *)a[8], (int *)a[9], (int *)a[10], (int *)a[11],
              (float *)a[12], (int *)a[13], (float *)a[14], (int *)a[15], (float *)a[16], (float *)a[17],
              done, epochs, width);
}
"""
COMPILER = shutil.which("g++")


@cache
def compiled_for_host(group: NetGroup) -> Launch:
    assert COMPILER is not None
    folder = Path(mkdtemp(prefix="kernel"))
    (folder / "kernel.cpp").write_text(BEFORE + source_of(group) + AFTER)
    built = folder / "kernel.so"
    options = ["-O1", "-shared", "-fPIC", "-Wall", "-Werror"]
    subprocess.run([COMPILER, *options, "-o", str(built), str(folder / "kernel.cpp")], check=True)
    library = ctypes.CDLL(str(built))

    def launch(fields: Mapping[str, Any], mean: Any, root: Any, done: int, epochs: int, width: int) -> None:
        tensors = [*(fields[name] for name in POINTERS), mean, root]
        pointers = (ctypes.c_void_p * len(tensors))(*(one.data_ptr() for one in tensors))
        library.train_all(pointers, done, epochs, width)

    return launch
