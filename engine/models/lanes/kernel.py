"""Epochs compiled by Numba: sixteen networks at a time stay in the first-level cache for as many epochs as wished.

Importing this module imports Numba. Every loop over the sixteen has no branch, so it becomes vector instructions;
exp and log are polynomials (Cephes' coefficients for single precision), since a call would end that. The bits differ
from NumPy's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from engine.models.lanes.block import DIVERGED, LANES, RUNNING, SUCCESS

f = np.float32
BTU, SIGMOID, TANH, RELU = range(4)
BCE, MSE = range(2)
SGD, MOMENTUM, ADAM = range(3)
options: dict[str, Any] = {"nogil": True, "cache": True, "fastmath": {"contract"}, "error_model": "numpy"}


@intrinsic
def as_bits(context: Any, value: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.int32))

    return types.int32(types.float32), build


@intrinsic
def as_number(context: Any, value: Any) -> Any:
    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(types.float32))

    return types.float32(types.int32), build


@njit(**options)
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


@njit(**options)
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


@njit(**options)
def forward(P: Any, H: Any, S: Any, sharp: Any, k: int, bypass: bool, activation: int, points: int) -> None:
    """P (weights, 16) -> H (points, k, 16) outputs of hidden units, S (points, 16) scores, signed: the wrong side is above 0."""
    out = 3 * k + (2 if bypass else 0)
    for n in range(points):
        x0 = f(0.0) if n < 2 else (f(0.9) if n == 6 else (f(0.1) if n == 7 else f(1.0)))
        x1 = f(0.0) if n == 0 or n == 2 else (f(0.1) if n == 4 else (f(0.9) if n > 4 else f(1.0)))
        sign = f(1.0) if n == 0 or n == 3 or n == 5 or n == 6 else f(-1.0)
        for l in range(LANES):
            S[n, l] = P[out + k, l]
        if bypass:
            for l in range(LANES):
                S[n, l] += P[3 * k, l] * x0 + P[3 * k + 1, l] * x1
        for j in range(k):
            if activation <= SIGMOID:
                for l in range(LANES):
                    z = P[j, l] * x0 + P[k + j, l] * x1 + P[2 * k + j, l]
                    h = f(1.0) / (f(1.0) + exp(-z * sharp[l]))
                    H[n, j, l] = h
                    S[n, l] += P[out + j, l] * h
            elif activation == TANH:
                for l in range(LANES):
                    z = P[j, l] * x0 + P[k + j, l] * x1 + P[2 * k + j, l]
                    h = f(1.0) - f(2.0) / (f(1.0) + exp(z + z))
                    H[n, j, l] = h
                    S[n, l] += P[out + j, l] * h
            else:
                for l in range(LANES):
                    z = P[j, l] * x0 + P[k + j, l] * x1 + P[2 * k + j, l]
                    h = f(0.0) if z < f(0.0) else z
                    H[n, j, l] = h
                    S[n, l] += P[out + j, l] * h
        for l in range(LANES):
            S[n, l] *= sharp[l] * sign


@njit(**options)
def wrong(s: Any) -> Any:
    """The probability of the wrong answer."""
    e = exp(-abs(s))
    return (f(1.0) if s > f(0.0) else e) / (f(1.0) + e)


@njit(**options)
def backward(
    P: Any, H: Any, S: Any, G: Any, sharp: Any, k: int, bypass: bool, activation: int, loss: int
) -> None:
    """The gradient of the four rows into G (weights, 16). Leaves the errors in S."""
    out = 3 * k + (2 if bypass else 0)
    for n in range(4):
        sign = f(0.25) if n == 0 or n == 3 else f(-0.25)
        for l in range(LANES):
            p = wrong(S[n, l])
            if loss == MSE:
                p = p * (p * (f(1.0) - p)) * f(2.0)
            S[n, l] = p * sign * sharp[l]
    for l in range(LANES):
        G[out + k, l] = S[0, l] + S[1, l] + S[2, l] + S[3, l]
    if bypass:
        for l in range(LANES):
            G[3 * k, l] = S[2, l] + S[3, l]
            G[3 * k + 1, l] = S[1, l] + S[3, l]
    for j in range(k):
        if activation <= SIGMOID:
            for l in range(LANES):
                h0, h1, h2, h3 = H[0, j, l], H[1, j, l], H[2, j, l], H[3, j, l]
                v = P[out + j, l] * sharp[l]
                d0, d1 = S[0, l] * h0 * (f(1.0) - h0) * v, S[1, l] * h1 * (f(1.0) - h1) * v
                d2, d3 = S[2, l] * h2 * (f(1.0) - h2) * v, S[3, l] * h3 * (f(1.0) - h3) * v
                G[out + j, l] = S[0, l] * h0 + S[1, l] * h1 + S[2, l] * h2 + S[3, l] * h3
                G[j, l] = d2 + d3
                G[k + j, l] = d1 + d3
                G[2 * k + j, l] = d0 + d1 + d2 + d3
        else:
            for l in range(LANES):
                h0, h1, h2, h3 = H[0, j, l], H[1, j, l], H[2, j, l], H[3, j, l]
                v = P[out + j, l]
                if activation == TANH:
                    d0, d1, d2, d3 = f(1.0) - h0 * h0, f(1.0) - h1 * h1, f(1.0) - h2 * h2, f(1.0) - h3 * h3
                else:
                    d0, d1 = f(1.0) if h0 > f(0.0) else f(0.0), f(1.0) if h1 > f(0.0) else f(0.0)
                    d2, d3 = f(1.0) if h2 > f(0.0) else f(0.0), f(1.0) if h3 > f(0.0) else f(0.0)
                d0, d1, d2, d3 = S[0, l] * d0 * v, S[1, l] * d1 * v, S[2, l] * d2 * v, S[3, l] * d3 * v
                G[out + j, l] = S[0, l] * h0 + S[1, l] * h1 + S[2, l] * h2 + S[3, l] * h3
                G[j, l] = d2 + d3
                G[k + j, l] = d1 + d3
                G[2 * k + j, l] = d0 + d1 + d2 + d3


@njit(**options)
def update(P: Any, M: Any, V: Any, G: Any, lr: Any, go: Any, optimizer: int, mean: Any, root: Any) -> None:
    """Only networks with go = 1 move."""
    for i in range(P.shape[0]):
        if optimizer == SGD:
            for l in range(LANES):
                new = P[i, l] - G[i, l] * lr[l]
                P[i, l] = new if go[l] > 0 else P[i, l]
        elif optimizer == MOMENTUM:
            for l in range(LANES):
                m = M[i, l] * f(0.9) + G[i, l]
                M[i, l] = m
                new = P[i, l] - m * lr[l]
                P[i, l] = new if go[l] > 0 else P[i, l]
        else:
            for l in range(LANES):
                g = G[i, l]
                m = M[i, l] * f(0.9) + g * (f(1.0) - f(0.9))
                v = V[i, l] * f(0.999) + g * g * (f(1.0) - f(0.999))
                M[i, l] = m
                V[i, l] = v
                new = P[i, l] - m * (lr[l] * mean) / (np.sqrt(v) * root + f(1e-8))
                P[i, l] = new if go[l] > 0 else P[i, l]


@njit(**options)
def mean_loss(S: Any, L: Any, loss: int, points: int) -> None:
    """The mean over the points into L (16,)."""
    share = f(1.0) / f(points)
    Q = np.empty(LANES, np.float32)
    for l in range(LANES):
        L[l] = f(0.0)
        Q[l] = f(0.0)
    for n in range(points):
        if loss == MSE:
            for l in range(LANES):
                p = wrong(S[n, l])
                L[l] += p * p
        else:
            for l in range(LANES):
                s = S[n, l]
                e = exp(-abs(s))
                L[l] += f(0.0) if s < f(0.0) else s
                Q[l] += e * (f(1.0) + Q[l])
    if loss == BCE:
        for l in range(LANES):
            L[l] += log1p(Q[l])
    for l in range(LANES):
        L[l] *= share


@njit(**options)
def judge(P: Any, L: Any, go: Any, one: Any, validates: bool, stop: Any, epoch: int) -> int:
    """Who ends here; returns how many go on. `one` holds views: min_delta, target, patience, best, waited, outcome."""
    min_delta, target, patience, best, waited, outcome = one
    alive = 0
    for l in range(LANES):
        if go[l] == 0:
            continue
        last = P[P.shape[0] - 1, l]
        if not abs(last) < f(np.inf):
            outcome[l] = DIVERGED
        elif validates:
            if L[l] < best[l] - min_delta[l]:
                best[l] = L[l]
                waited[l] = 0
            else:
                waited[l] += 1
            if 0 < patience[l] <= waited[l] and best[l] < target[l]:
                outcome[l] = SUCCESS
        stop[l] = epoch
        if outcome[l] != RUNNING:
            go[l] = 0
        else:
            alive += 1
    return alive


@njit(**options)
def train(
    weights: Any, first: Any, second: Any, lr: Any, sharpness: Any, min_delta: Any, target: Any, patience: Any, best: Any,
    waited: Any, outcome: Any, stop: Any, done: int, mean: Any, root: Any,
    k: int, bypass: bool, activation: int, loss: int, optimizer: int, validates: bool,
) -> None:  # fmt: skip
    """len(mean) epochs for every sixteen of the networks."""
    size, points = weights.shape[0], 8 if validates else 4
    P, M, V, G = (np.empty((size, LANES), np.float32), np.empty((size, LANES), np.float32),
                  np.empty((size, LANES), np.float32), np.empty((size, LANES), np.float32))  # fmt: skip
    H, S, L = (
        np.empty((points, k, LANES), np.float32),
        np.empty((points, LANES), np.float32),
        np.empty(LANES, np.float32),
    )
    go, rate, sharp = np.empty(LANES, np.int32), np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for t in range(0, weights.shape[1], LANES):
        e = t + LANES
        P[:, :] = weights[:, t:e]
        if optimizer >= MOMENTUM:
            M[:, :] = first[:, t:e]
        if optimizer == ADAM:
            V[:, :] = second[:, t:e]
        rate[:], sharp[:] = lr[t:e], sharpness[t:e]
        alive = 0
        for l in range(LANES):
            go[l] = 1 if outcome[t + l] == RUNNING else 0
            alive += go[l]
        one = (min_delta[t:e], target[t:e], patience[t:e], best[t:e], waited[t:e], outcome[t:e])
        forward(P, H, S, sharp, k, bypass, activation, points)
        for epoch in range(len(mean)):
            if alive == 0:
                break
            backward(P, H, S, G, sharp, k, bypass, activation, loss)
            update(P, M, V, G, rate, go, optimizer, mean[epoch], root[epoch])
            forward(P, H, S, sharp, k, bypass, activation, points)
            if validates:
                mean_loss(S, L, loss, points)
            alive = judge(P, L, go, one, validates, stop[t:e], done + epoch + 1)
        weights[:, t:e] = P
        if optimizer >= MOMENTUM:
            first[:, t:e] = M
        if optimizer == ADAM:
            second[:, t:e] = V
