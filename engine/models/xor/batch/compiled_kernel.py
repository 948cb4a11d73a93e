"""Epochs compiled by Numba: some networks at a time stay in the first-level cache for many epochs.

Importing this module imports Numba. Every loop over them has no branch, so it becomes vector
instructions; exp and log are polynomials (Cephes' coefficients for single precision), since a call would end
that. The bits differ from NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

LANES = 64
"""networks side by side: loops over fewer would be unrolled, not turned into vector instructions"""

f = np.float32
RUNNING, SUCCESS, FAIL, DIVERGED, STOPPED = range(5)  # as in block; the cache of Numba sees no other file
BTU, SIGMOID, TANH, RELU = range(4)
BCE, MSE = range(2)
SGD, MOMENTUM, ADAM = range(3)
NEVER = 2**31 - 1


def compiled(function: F) -> F:
    """`contract` lets a product and a sum become one instruction; it is the same for all networks."""
    made: Any = njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")(function)
    fast: F = made
    return fast


def _bitcast(to: Any, source: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(to))

    return to(source), build


def _as_bits(context: Any, value: Any) -> Any:
    return _bitcast(types.int32, types.float32)


def _as_number(context: Any, value: Any) -> Any:
    return _bitcast(types.float32, types.int32)


as_bits: Any = intrinsic(_as_bits)
as_number: Any = intrinsic(_as_number)


@compiled
def exp(x: Any) -> Any:
    """Within two units in the last place; NaN stays NaN."""
    x = f(-87.0) if x < f(-87.0) else x
    x = f(88.0) if x > f(88.0) else x
    shifted = x * f(1.44269504088896341) + f(12582912.0)
    whole = shifted - f(12582912.0)
    x = x - whole * f(0.693359375)
    x = x - whole * f(-2.12194440e-4)
    y = f(1.9875691500e-4) * x + f(1.3981999507e-3)
    y = y * x + f(8.3334519073e-3)
    y = y * x + f(4.1665795894e-2)
    y = y * x + f(1.6666665459e-1)
    y = y * x + f(5.0000001201e-1)
    y = y * (x * x) + x + f(1.0)
    return y * as_number((as_bits(shifted) - np.int32(0x4B400000) + np.int32(127)) << np.int32(23))


@compiled
def log1p(x: Any) -> Any:
    """Of x from 0 to 255."""
    u = x + f(1.0)
    bits = as_bits(u) - np.int32(0x3F3504F3)  # of sqrt(1/2): the mantissa shall lie around 1
    exponent = f(bits >> np.int32(23))
    r = as_number((bits & np.int32(0x007FFFFF)) + np.int32(0x3F3504F3)) - f(1.0)
    z = r * r
    y = f(7.0376836292e-2) * r + f(-1.1514610310e-1)
    y = y * r + f(1.1676998740e-1)
    y = y * r + f(-1.2420140846e-1)
    y = y * r + f(1.4249322787e-1)
    y = y * r + f(-1.6668057665e-1)
    y = y * r + f(2.0000714765e-1)
    y = y * r + f(-2.4999993993e-1)
    y = y * r + f(3.3333331174e-1)
    y = y * r * z + exponent * f(-2.12194440e-4) - f(0.5) * z
    y = r + y + exponent * f(0.693359375)
    return y + (x - (u - f(1.0))) / u


@compiled
def forward(
    P: Any, H: Any, S: Any, E: Any, sharp: Any, k: int, bypass: bool, activation: int, points: int
) -> None:
    """P (weights, LANES) -> H (points, k, LANES) outputs of hidden units, S and E (points, LANES).

    S are scores, signed: the wrong side is above 0; E is their exp(-abs).
    """
    out = 3 * k + (2 if bypass else 0)
    for n in range(points):
        x0 = f(0.0) if n < 2 else (f(0.9) if n == 6 else (f(0.1) if n == 7 else f(1.0)))
        x1 = f(0.0) if n == 0 or n == 2 else (f(0.1) if n == 4 else (f(0.9) if n > 4 else f(1.0)))
        sign = f(1.0) if n == 0 or n == 3 or n == 5 or n == 6 else f(-1.0)
        for lane in range(LANES):
            S[n, lane] = P[out + k, lane]
        if bypass:
            for lane in range(LANES):
                S[n, lane] += P[3 * k, lane] * x0 + P[3 * k + 1, lane] * x1
        for j in range(k):
            if activation <= SIGMOID:
                for lane in range(LANES):
                    z = P[j, lane] * x0 + P[k + j, lane] * x1 + P[2 * k + j, lane]
                    h = f(1.0) / (f(1.0) + exp(-z * sharp[lane]))
                    H[n, j, lane] = h
                    S[n, lane] += P[out + j, lane] * h
            elif activation == TANH:
                for lane in range(LANES):
                    z = P[j, lane] * x0 + P[k + j, lane] * x1 + P[2 * k + j, lane]
                    h = f(1.0) - f(2.0) / (f(1.0) + exp(z + z))
                    H[n, j, lane] = h
                    S[n, lane] += P[out + j, lane] * h
            else:
                for lane in range(LANES):
                    z = P[j, lane] * x0 + P[k + j, lane] * x1 + P[2 * k + j, lane]
                    h = f(0.0) if z < f(0.0) else z
                    H[n, j, lane] = h
                    S[n, lane] += P[out + j, lane] * h
        for lane in range(LANES):
            s = S[n, lane] * (sharp[lane] * sign)
            S[n, lane] = s
            E[n, lane] = exp(-abs(s))


@compiled
def wrong(s: Any, e: Any) -> Any:
    """The probability of the wrong answer, of a score and its exp(-abs)."""
    return (f(1.0) if s > f(0.0) else e) / (f(1.0) + e)


@compiled
def backward(
    P: Any, H: Any, S: Any, E: Any, G: Any, sharp: Any, k: int, bypass: bool, activation: int, loss: int
) -> None:
    """The gradient of the four rows into G (weights, LANES). Leaves the errors in S."""
    out = 3 * k + (2 if bypass else 0)
    for n in range(4):
        sign = f(0.25) if n == 0 or n == 3 else f(-0.25)
        for lane in range(LANES):
            p = wrong(S[n, lane], E[n, lane])
            if loss == MSE:
                p = p * (p * (f(1.0) - p)) * f(2.0)
            S[n, lane] = p * sign * sharp[lane]
    for lane in range(LANES):
        G[out + k, lane] = S[0, lane] + S[1, lane] + S[2, lane] + S[3, lane]
    if bypass:
        for lane in range(LANES):
            G[3 * k, lane] = S[2, lane] + S[3, lane]
            G[3 * k + 1, lane] = S[1, lane] + S[3, lane]
    for j in range(k):
        if activation <= SIGMOID:
            for lane in range(LANES):
                h0, h1, h2, h3 = H[0, j, lane], H[1, j, lane], H[2, j, lane], H[3, j, lane]
                v = P[out + j, lane] * sharp[lane]
                d0, d1 = S[0, lane] * h0 * (f(1.0) - h0) * v, S[1, lane] * h1 * (f(1.0) - h1) * v
                d2, d3 = S[2, lane] * h2 * (f(1.0) - h2) * v, S[3, lane] * h3 * (f(1.0) - h3) * v
                G[out + j, lane] = S[0, lane] * h0 + S[1, lane] * h1 + S[2, lane] * h2 + S[3, lane] * h3
                G[j, lane] = d2 + d3
                G[k + j, lane] = d1 + d3
                G[2 * k + j, lane] = d0 + d1 + d2 + d3
        else:
            for lane in range(LANES):
                h0, h1, h2, h3 = H[0, j, lane], H[1, j, lane], H[2, j, lane], H[3, j, lane]
                v = P[out + j, lane]
                if activation == TANH:
                    d0, d1, d2, d3 = f(1.0) - h0 * h0, f(1.0) - h1 * h1, f(1.0) - h2 * h2, f(1.0) - h3 * h3
                else:
                    d0, d1 = f(1.0) if h0 > f(0.0) else f(0.0), f(1.0) if h1 > f(0.0) else f(0.0)
                    d2, d3 = f(1.0) if h2 > f(0.0) else f(0.0), f(1.0) if h3 > f(0.0) else f(0.0)
                d0, d1, d2, d3 = (
                    S[0, lane] * d0 * v,
                    S[1, lane] * d1 * v,
                    S[2, lane] * d2 * v,
                    S[3, lane] * d3 * v,
                )
                G[out + j, lane] = S[0, lane] * h0 + S[1, lane] * h1 + S[2, lane] * h2 + S[3, lane] * h3
                G[j, lane] = d2 + d3
                G[k + j, lane] = d1 + d3
                G[2 * k + j, lane] = d0 + d1 + d2 + d3


@compiled
def update(P: Any, M: Any, V: Any, G: Any, lr: Any, go: Any, optimizer: int, mean: Any, root: Any) -> None:
    """Only networks with go = 1 move."""
    for i in range(P.shape[0]):
        if optimizer == SGD:
            for lane in range(LANES):
                new = P[i, lane] - G[i, lane] * lr[lane]
                P[i, lane] = new if go[lane] > 0 else P[i, lane]
        elif optimizer == MOMENTUM:
            for lane in range(LANES):
                m = M[i, lane] * f(0.9) + G[i, lane]
                M[i, lane] = m
                new = P[i, lane] - m * lr[lane]
                P[i, lane] = new if go[lane] > 0 else P[i, lane]
        else:
            for lane in range(LANES):
                g = G[i, lane]
                m = M[i, lane] * f(0.9) + g * (f(1.0) - f(0.9))
                v = V[i, lane] * f(0.999) + g * g * (f(1.0) - f(0.999))
                M[i, lane] = m
                V[i, lane] = v
                new = P[i, lane] - m * (lr[lane] * mean) / (np.sqrt(v) * root + f(1e-8))
                P[i, lane] = new if go[lane] > 0 else P[i, lane]


@compiled
def mean_loss(S: Any, E: Any, L: Any, Q: Any, loss: int, points: int) -> None:
    """The mean over the points into L (LANES,); Q (LANES,) is spare."""
    share = f(1.0) / f(points)
    for lane in range(LANES):
        L[lane] = f(0.0)
        Q[lane] = f(0.0)
    for n in range(points):
        if loss == MSE:
            for lane in range(LANES):
                p = wrong(S[n, lane], E[n, lane])
                L[lane] += p * p
        else:
            for lane in range(LANES):
                s = S[n, lane]
                L[lane] += f(0.0) if s < f(0.0) else s
                Q[lane] += E[n, lane] * (f(1.0) + Q[lane])
    for lane in range(LANES):
        over = log1p(Q[lane]) if loss == BCE else f(0.0)
        L[lane] = (L[lane] + over) * share


@compiled
def note_best(L: Any, go: Any, B: Any, A: Any, which: int, epoch: int) -> None:
    """Keep what is smaller than ever in B (2, LANES), its epoch in A; which: 0 training, 1 validation."""
    for lane in range(LANES):
        best, at = B[which, lane], A[which, lane]
        is_better = (go[lane] > 0) & (L[lane] < best)
        B[which, lane] = L[lane] if is_better else best
        A[which, lane] = np.int32(epoch) if is_better else at


@compiled
def judge(P: Any, L: Any, go: Any, R: Any, W: Any, validates: bool) -> Any:
    """Note progress; returns how many end here. R: best, min_delta, target; W: waited, patience, outcome."""
    ended, last = np.int32(0), P.shape[0] - 1
    for lane in range(LANES):
        is_on = go[lane] > 0
        is_broken = is_on & (not abs(P[last, lane]) < f(np.inf))
        best, waited = R[0, lane], W[0, lane]
        is_better = is_on & validates & (L[lane] < best - R[1, lane])
        best = L[lane] if is_better else best
        waited = np.int32(0) if is_better else waited + go[lane]
        R[0, lane] = best
        W[0, lane] = waited
        has_won = is_on & validates & (waited >= W[1, lane]) & (best < R[2, lane])
        outcome = np.int32(SUCCESS) if has_won else W[2, lane]
        outcome = np.int32(DIVERGED) if is_broken else outcome
        W[2, lane] = outcome
        ended += np.int32(1) if is_broken | has_won else np.int32(0)
    return ended


@compiled
def settle(go: Any, W: Any, stop: Any, t: int, epoch: int) -> int:
    """Those that ended stand still from here on; returns how many go on."""
    alive = 0
    for lane in range(LANES):
        if go[lane] > 0:
            stop[t + lane] = epoch
            go[lane] = 1 if W[2, lane] == RUNNING else 0
            alive += go[lane]
    return alive


@compiled
def copy(source: Any, at: int, to: Any, where: int) -> None:
    """LANES columns."""
    for row in range(source.shape[0]):
        for lane in range(LANES):
            to[row, where + lane] = source[row, at + lane]


@compiled
def train(
    weights: Any, first: Any, second: Any, lr: Any, sharpness: Any, min_delta: Any, target: Any,
    patience: Any, best: Any, waited: Any, outcome: Any, stop: Any, best_loss: Any, best_loss_at: Any,
    best_val_loss: Any, best_val_loss_at: Any, done: int, mean: Any, root: Any,
    k: int, bypass: bool, activation: int, loss: int, optimizer: int, validates: bool,
) -> None:  # fmt: skip
    """len(mean) epochs for every LANES of the networks.

    Copies are written as loops: NumPy's slices would bring in all of Numba's text handling, for their errors.
    """
    size, points = weights.shape[0], 8 if validates else 4
    P, G = np.empty((size, LANES), np.float32), np.empty((size, LANES), np.float32)
    M, V = np.empty((size, LANES), np.float32), np.empty((size, LANES), np.float32)
    H, S = np.empty((points, k, LANES), np.float32), np.empty((points, LANES), np.float32)
    E, L, Q = np.empty((points, LANES), np.float32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    R, W = np.empty((3, LANES), np.float32), np.empty((3, LANES), np.int32)
    B, A = np.empty((2, LANES), np.float32), np.empty((2, LANES), np.int32)
    go, rate, sharp = np.empty(LANES, np.int32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for t in range(0, weights.shape[1], LANES):
        copy(weights, t, P, 0)
        if optimizer >= MOMENTUM:
            copy(first, t, M, 0)
        if optimizer == ADAM:
            copy(second, t, V, 0)
        alive = 0
        for lane in range(LANES):
            n = t + lane
            rate[lane], sharp[lane] = lr[n], sharpness[n]
            R[0, lane], R[1, lane], R[2, lane] = best[n], min_delta[n], target[n]
            W[0, lane], W[1, lane], W[2, lane] = waited[n], patience[n] if patience[n] else NEVER, outcome[n]
            B[0, lane], B[1, lane] = best_loss[n], best_val_loss[n]
            A[0, lane], A[1, lane] = best_loss_at[n], best_val_loss_at[n]
            go[lane] = 1 if outcome[n] == RUNNING else 0
            alive += go[lane]
        for epoch in range(len(mean) + 1):
            forward(P, H, S, E, sharp, k, bypass, activation, points)
            if epoch:
                if validates:
                    mean_loss(S, E, L, Q, loss, points)
                    note_best(L, go, B, A, 1, done + epoch)
                if judge(P, L, go, R, W, validates):
                    alive = settle(go, W, stop, t, done + epoch)
            if alive == 0 or epoch == len(mean):
                break
            mean_loss(S, E, L, Q, loss, 4)
            note_best(L, go, B, A, 0, done + epoch + 1)
            backward(P, H, S, E, G, sharp, k, bypass, activation, loss)
            update(P, M, V, G, rate, go, optimizer, mean[epoch], root[epoch])
        settle(go, W, stop, t, done + len(mean))
        for lane in range(LANES):
            n = t + lane
            best[n], waited[n], outcome[n] = R[0, lane], W[0, lane], W[2, lane]
            best_loss[n], best_val_loss[n] = B[0, lane], B[1, lane]
            best_loss_at[n], best_val_loss_at[n] = A[0, lane], A[1, lane]
        copy(P, 0, weights, t)
        if optimizer >= MOMENTUM:
            copy(M, 0, first, t)
        if optimizer == ADAM:
            copy(V, 0, second, t)
