"""The epochs of `compiled_kernel` as a CUDA kernel: a thread trains one network, whose weights stay in its
registers for all epochs of a call.

PyTorch compiles it with NVRTC, which comes with it, once for each group. The source is C: tests compile it
for the processor as well.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from engine.models.xor.batch.arrays import (
    ACTIVATIONS,
    DIVERGED,
    LOSSES,
    OPTIMIZERS,
    RUNNING,
    SUCCESS,
    NetGroup,
)

THREADS = 256
"""of a block"""
POINTERS = (
    "weights", "first", "second", "lr", "sharpness", "min_delta", "target", "patience", "best", "waited",
    "outcome", "stop", "best_loss", "best_loss_at", "best_val_loss", "best_val_loss_at",
)  # fmt: skip
"""fields of NetArrays that the kernel gets, in order; then mean, root, done, epochs, width"""
Launch = Callable[[Mapping[str, Any], Any, Any, int, int, int], None]
"""fields, mean, root, done, epochs, width"""

SOURCE = r"""
extern "C" __global__ void __launch_bounds__(THREADS) train(
    float *weights, float *first, float *second, const float *lr, const float *sharpness,
    const float *min_delta, const float *target, const int *patience, float *best, int *waited, int *outcome,
    int *stop, float *best_loss, int *best_loss_at, float *best_val_loss, int *best_val_loss_at,
    const float *mean, const float *root, int done, int epochs, int width
) {
    const int net = blockIdx.x * blockDim.x + threadIdx.x;
    const long long wide = width; /* rows times networks may be more than an int holds */
    if (net >= width || outcome[net] != RUNNING) return;
    const float X0[8] = {0.f, 0.f, 1.f, 1.f, 1.f, 1.f, .9f, .1f};
    const float X1[8] = {0.f, 1.f, 0.f, 1.f, .1f, .9f, .9f, .9f};
    const float SIGN[8] = {1.f, -1.f, -1.f, 1.f, -1.f, 1.f, 1.f, -1.f};
    float p[SIZE], g[SIZE], m[SIZE], v[SIZE], h[4][K ? K : 1], s[POINTS], e[POINTS];
    for (int i = 0; i < SIZE; i++) {
        p[i] = weights[i * wide + net];
        m[i] = OPTIMIZER >= 1 ? first[i * wide + net] : 0.f;
        v[i] = OPTIMIZER >= 2 ? second[i * wide + net] : 0.f;
    }
    const float rate = lr[net], sharp = sharpness[net];
    float lowest = best[net], loss_low = best_loss[net], val_low = best_val_loss[net];
    int patient = waited[net], loss_at = best_loss_at[net], val_at = best_val_loss_at[net];
    int ended = RUNNING, last = done + epochs;
    const int most = patience[net];

    for (int epoch = 0; epoch <= epochs; epoch++) {
        /* scores: above 0 the answer is wrong */
        for (int n = 0; n < POINTS; n++) {
            float sum = p[SIZE - 1];
            if (BYPASS) sum += p[3 * K] * X0[n] + p[3 * K + 1] * X1[n];
            for (int j = 0; j < K; j++) {
                const float z = p[j] * X0[n] + p[K + j] * X1[n] + p[2 * K + j];
                float out;
                if (ACTIVATION <= 1) out = 1.f / (1.f + expf(-z * sharp));
                else if (ACTIVATION == 2) out = tanhf(z);
                else out = z < 0.f ? 0.f : z;
                if (n < 4) h[n][j] = out;
                sum += p[OUT + j] * out;
            }
            s[n] = sum * (sharp * SIGN[n]);
            e[n] = expf(-fabsf(s[n]));
        }
        float losses[2];
        for (int which = 0; which < 2; which++) {
            const int points = which ? POINTS : 4;
            float total = 0.f, product = 0.f;
            for (int n = 0; n < points; n++) {
                if (LOSS == 1) {
                    const float wrong = (s[n] > 0.f ? 1.f : e[n]) / (1.f + e[n]);
                    total += wrong * wrong;
                } else {
                    total += s[n] < 0.f ? 0.f : s[n];
                    product += e[n] * (1.f + product);
                }
            }
            losses[which] = (total + (LOSS == 1 ? 0.f : log1pf(product))) / points;
        }
        if (epoch) {
            if (VALIDATES && losses[1] < val_low) { val_low = losses[1]; val_at = done + epoch; }
            if (VALIDATES && losses[1] < lowest - min_delta[net]) { lowest = losses[1]; patient = 0; }
            else patient++;
            if (VALIDATES && patient >= most && lowest < target[net]) ended = SUCCESS;
            if (!(fabsf(p[SIZE - 1]) < LIMIT)) ended = DIVERGED;
            if (ended != RUNNING) { last = done + epoch; break; }
        }
        if (epoch == epochs) break;
        if (losses[0] < loss_low) { loss_low = losses[0]; loss_at = done + epoch + 1; }

        /* the gradient of the four rows */
        float error[4];
        for (int n = 0; n < 4; n++) {
            float wrong = (s[n] > 0.f ? 1.f : e[n]) / (1.f + e[n]);
            if (LOSS == 1) wrong = wrong * (wrong * (1.f - wrong)) * 2.f;
            error[n] = wrong * (.25f * SIGN[n]) * sharp;
        }
        g[SIZE - 1] = error[0] + error[1] + error[2] + error[3];
        if (BYPASS) {
            g[3 * K] = error[2] + error[3];
            g[3 * K + 1] = error[1] + error[3];
        }
        for (int j = 0; j < K; j++) {
            float slope[4], sum = 0.f;
            for (int n = 0; n < 4; n++) {
                const float out = h[n][j];
                float d;
                if (ACTIVATION <= 1) d = out * (1.f - out) * sharp;
                else if (ACTIVATION == 2) d = 1.f - out * out;
                else d = out > 0.f ? 1.f : 0.f;
                slope[n] = error[n] * d * p[OUT + j];
                sum += error[n] * out;
            }
            g[OUT + j] = sum;
            g[j] = slope[2] + slope[3];
            g[K + j] = slope[1] + slope[3];
            g[2 * K + j] = slope[0] + slope[1] + slope[2] + slope[3];
        }
        for (int i = 0; i < SIZE; i++) {
            if (OPTIMIZER == 0) {
                p[i] -= g[i] * rate;
            } else if (OPTIMIZER == 1) {
                m[i] = m[i] * .9f + g[i];
                p[i] -= m[i] * rate;
            } else {
                m[i] = m[i] * .9f + g[i] * (1.f - .9f);
                v[i] = v[i] * .999f + g[i] * g[i] * (1.f - .999f);
                p[i] -= m[i] * (rate * mean[epoch]) / (sqrtf(v[i]) * root[epoch] + 1e-8f);
            }
        }
    }
    for (int i = 0; i < SIZE; i++) {
        weights[i * wide + net] = p[i];
        if (OPTIMIZER >= 1) first[i * wide + net] = m[i];
        if (OPTIMIZER >= 2) second[i * wide + net] = v[i];
    }
    best[net] = lowest; waited[net] = patient; outcome[net] = ended; stop[net] = last;
    best_loss[net] = loss_low; best_loss_at[net] = loss_at;
    best_val_loss[net] = val_low; best_val_loss_at[net] = val_at;
}
"""


def source_of(group: NetGroup) -> str:
    """C for the networks of a group, which needs `__global__` and the coordinates of a thread."""
    k = group.hidden
    constants = {
        "K": k, "SIZE": group.size, "BYPASS": int(group.bypass), "OUT": 3 * k + (2 if group.bypass else 0),
        "POINTS": 8 if group.validates else 4, "VALIDATES": int(group.validates),
        "ACTIVATION": ACTIVATIONS.index(group.activation), "LOSS": LOSSES.index(group.loss),
        "OPTIMIZER": OPTIMIZERS.index(group.optimizer), "RUNNING": RUNNING, "SUCCESS": SUCCESS,
        "DIVERGED": DIVERGED, "THREADS": THREADS, "LIMIT": "__int_as_float(0x7f800000)",
    }  # fmt: skip
    return "".join(f"#define {name} {value}\n" for name, value in constants.items()) + SOURCE


CANNOT_COMPILE = (RuntimeError, AttributeError, OSError, ImportError)
"""what `compiled_for_gpu` raises where this PyTorch cannot compile the kernel"""


def compiled_for_gpu(group: NetGroup) -> Launch:
    """Raises CANNOT_COMPILE."""
    compile_kernel: Any = torch.cuda._compile_kernel
    with _no_toolkit_needed():
        kernel = compile_kernel(source_of(group), "train")

    def launch(fields: Mapping[str, Any], mean: Any, root: Any, done: int, epochs: int, width: int) -> None:
        pointers = [fields[name] for name in POINTERS]
        kernel(
            grid=(-(-width // THREADS), 1, 1), block=(THREADS, 1, 1),
            args=[*pointers, mean, root, int(done), int(epochs), int(width)],
        )  # fmt: skip

    return launch


@contextlib.contextmanager
def _no_toolkit_needed() -> Iterator[None]:
    """PyTorch asks where CUDA's headers are, and refuses without CUDA_HOME; the source includes none."""
    from torch.utils import cpp_extension

    before = cpp_extension.CUDA_HOME
    cpp_extension.CUDA_HOME = before or str(Path(torch.__file__).parent)
    try:
        yield
    finally:
        cpp_extension.CUDA_HOME = before
