"""Epochs compiled by Numba: WIDTH networks at a time stay in the first-level cache for many epochs.

Importing this module imports Numba. No loop over the networks has a branch, so each is compiled to vector
instructions; exp and log are polynomials (Cephes' coefficients for single precision), since a call would
prevent that. The bits differ from NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

WIDTH = 64
"""networks per loop: loops over fewer would be unrolled, not turned into vector instructions"""

f = np.float32
# The same as in arrays: Numba's cache does not notice changes of another file.
RUNNING, SUCCESS, FAIL, DIVERGED, STOPPED = range(5)
BTU, SIGMOID, TANH, RELU = range(4)
BCE, MSE = range(2)
SGD, MOMENTUM, ADAM = range(3)
NEVER = 2**31 - 1


def compiled(function: F) -> F:
    """`contract` allows fused multiply-add; it is the same for all networks."""
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
    """P (weights, WIDTH) -> H (points, k, WIDTH) outputs of hidden units, S and E (points, WIDTH).

    S are signed scores: above 0 the answer is wrong; E is exp(-abs(S)).
    """
    out = 3 * k + (2 if bypass else 0)
    for n in range(points):
        x0 = f(0.0) if n < 2 else (f(0.9) if n == 6 else (f(0.1) if n == 7 else f(1.0)))
        x1 = f(0.0) if n == 0 or n == 2 else (f(0.1) if n == 4 else (f(0.9) if n > 4 else f(1.0)))
        sign = f(1.0) if n == 0 or n == 3 or n == 5 or n == 6 else f(-1.0)
        for net in range(WIDTH):
            S[n, net] = P[out + k, net]
        if bypass:
            for net in range(WIDTH):
                S[n, net] += P[3 * k, net] * x0 + P[3 * k + 1, net] * x1
        for j in range(k):
            if activation <= SIGMOID:
                for net in range(WIDTH):
                    z = P[j, net] * x0 + P[k + j, net] * x1 + P[2 * k + j, net]
                    h = f(1.0) / (f(1.0) + exp(-z * sharp[net]))
                    H[n, j, net] = h
                    S[n, net] += P[out + j, net] * h
            elif activation == TANH:
                for net in range(WIDTH):
                    z = P[j, net] * x0 + P[k + j, net] * x1 + P[2 * k + j, net]
                    h = f(1.0) - f(2.0) / (f(1.0) + exp(z + z))
                    H[n, j, net] = h
                    S[n, net] += P[out + j, net] * h
            else:
                for net in range(WIDTH):
                    z = P[j, net] * x0 + P[k + j, net] * x1 + P[2 * k + j, net]
                    h = f(0.0) if z < f(0.0) else z
                    H[n, j, net] = h
                    S[n, net] += P[out + j, net] * h
        for net in range(WIDTH):
            s = S[n, net] * (sharp[net] * sign)
            S[n, net] = s
            E[n, net] = exp(-abs(s))


@compiled
def wrong_probability(s: Any, e: Any) -> Any:
    """The probability of the wrong answer, from a score and its exp(-abs)."""
    return (f(1.0) if s > f(0.0) else e) / (f(1.0) + e)


@compiled
def backward(
    P: Any, H: Any, S: Any, E: Any, G: Any, sharp: Any, k: int, bypass: bool, activation: int, loss: int
) -> None:
    """The gradient of the four rows into G (weights, WIDTH). Leaves the errors in S."""
    out = 3 * k + (2 if bypass else 0)
    for n in range(4):
        sign = f(0.25) if n == 0 or n == 3 else f(-0.25)
        for net in range(WIDTH):
            p = wrong_probability(S[n, net], E[n, net])
            if loss == MSE:
                p = p * (p * (f(1.0) - p)) * f(2.0)
            S[n, net] = p * sign * sharp[net]
    for net in range(WIDTH):
        G[out + k, net] = S[0, net] + S[1, net] + S[2, net] + S[3, net]
    if bypass:
        for net in range(WIDTH):
            G[3 * k, net] = S[2, net] + S[3, net]
            G[3 * k + 1, net] = S[1, net] + S[3, net]
    for j in range(k):
        if activation <= SIGMOID:
            for net in range(WIDTH):
                h0, h1, h2, h3 = H[0, j, net], H[1, j, net], H[2, j, net], H[3, j, net]
                v = P[out + j, net] * sharp[net]
                d0, d1 = S[0, net] * h0 * (f(1.0) - h0) * v, S[1, net] * h1 * (f(1.0) - h1) * v
                d2, d3 = S[2, net] * h2 * (f(1.0) - h2) * v, S[3, net] * h3 * (f(1.0) - h3) * v
                G[out + j, net] = S[0, net] * h0 + S[1, net] * h1 + S[2, net] * h2 + S[3, net] * h3
                G[j, net] = d2 + d3
                G[k + j, net] = d1 + d3
                G[2 * k + j, net] = d0 + d1 + d2 + d3
        else:
            for net in range(WIDTH):
                h0, h1, h2, h3 = H[0, j, net], H[1, j, net], H[2, j, net], H[3, j, net]
                v = P[out + j, net]
                if activation == TANH:
                    d0, d1, d2, d3 = f(1.0) - h0 * h0, f(1.0) - h1 * h1, f(1.0) - h2 * h2, f(1.0) - h3 * h3
                else:
                    d0, d1 = f(1.0) if h0 > f(0.0) else f(0.0), f(1.0) if h1 > f(0.0) else f(0.0)
                    d2, d3 = f(1.0) if h2 > f(0.0) else f(0.0), f(1.0) if h3 > f(0.0) else f(0.0)
                d0, d1, d2, d3 = (
                    S[0, net] * d0 * v,
                    S[1, net] * d1 * v,
                    S[2, net] * d2 * v,
                    S[3, net] * d3 * v,
                )
                G[out + j, net] = S[0, net] * h0 + S[1, net] * h1 + S[2, net] * h2 + S[3, net] * h3
                G[j, net] = d2 + d3
                G[k + j, net] = d1 + d3
                G[2 * k + j, net] = d0 + d1 + d2 + d3


@compiled
def update(
    P: Any, M: Any, V: Any, G: Any, lr: Any, active: Any, optimizer: int, mean: Any, root: Any
) -> None:
    """Update the weights of networks with active = 1."""
    for i in range(P.shape[0]):
        if optimizer == SGD:
            for net in range(WIDTH):
                new = P[i, net] - G[i, net] * lr[net]
                P[i, net] = new if active[net] > 0 else P[i, net]
        elif optimizer == MOMENTUM:
            for net in range(WIDTH):
                m = M[i, net] * f(0.9) + G[i, net]
                M[i, net] = m
                new = P[i, net] - m * lr[net]
                P[i, net] = new if active[net] > 0 else P[i, net]
        else:
            for net in range(WIDTH):
                g = G[i, net]
                m = M[i, net] * f(0.9) + g * (f(1.0) - f(0.9))
                v = V[i, net] * f(0.999) + g * g * (f(1.0) - f(0.999))
                M[i, net] = m
                V[i, net] = v
                new = P[i, net] - m * (lr[net] * mean) / (np.sqrt(v) * root + f(1e-8))
                P[i, net] = new if active[net] > 0 else P[i, net]


@compiled
def mean_loss(S: Any, E: Any, L: Any, Q: Any, loss: int, points: int) -> None:
    """The mean over the points into L (WIDTH,); Q (WIDTH,) is scratch memory."""
    share = f(1.0) / f(points)
    for net in range(WIDTH):
        L[net] = f(0.0)
        Q[net] = f(0.0)
    for n in range(points):
        if loss == MSE:
            for net in range(WIDTH):
                p = wrong_probability(S[n, net], E[n, net])
                L[net] += p * p
        else:
            for net in range(WIDTH):
                s = S[n, net]
                L[net] += f(0.0) if s < f(0.0) else s
                Q[net] += E[n, net] * (f(1.0) + Q[net])
    for net in range(WIDTH):
        over = log1p(Q[net]) if loss == BCE else f(0.0)
        L[net] = (L[net] + over) * share


@compiled
def track_best(L: Any, active: Any, B: Any, A: Any, which: int, epoch: int) -> None:
    """Keep the smallest loss in B (2, WIDTH) and its epoch in A; which: 0 training, 1 validation."""
    for net in range(WIDTH):
        best, at = B[which, net], A[which, net]
        is_better = (active[net] > 0) & (L[net] < best)
        B[which, net] = L[net] if is_better else best
        A[which, net] = np.int32(epoch) if is_better else at


@compiled
def check_early_stopping(P: Any, L: Any, active: Any, R: Any, W: Any, validates: bool) -> Any:
    """Early stopping; returns how many networks end. R: best, min_delta, target; W: waited, patience,
    outcome."""
    ended, last = np.int32(0), P.shape[0] - 1
    for net in range(WIDTH):
        is_on = active[net] > 0
        is_broken = is_on & (not abs(P[last, net]) < f(np.inf))
        best, waited = R[0, net], W[0, net]
        is_better = is_on & validates & (L[net] < best - R[1, net])
        best = L[net] if is_better else best
        waited = np.int32(0) if is_better else waited + active[net]
        R[0, net] = best
        W[0, net] = waited
        has_won = is_on & validates & (waited >= W[1, net]) & (best < R[2, net])
        outcome = np.int32(SUCCESS) if has_won else W[2, net]
        outcome = np.int32(DIVERGED) if is_broken else outcome
        W[2, net] = outcome
        ended += np.int32(1) if is_broken | has_won else np.int32(0)
    return ended


@compiled
def deactivate_ended(active: Any, W: Any, stop: Any, t: int, epoch: int) -> int:
    """Deactivate the networks that ended at `epoch`; returns how many are still running."""
    running = 0
    for net in range(WIDTH):
        if active[net] > 0:
            stop[t + net] = epoch
            active[net] = 1 if W[2, net] == RUNNING else 0
            running += active[net]
    return running


@compiled
def copy_columns(source: Any, at: int, to: Any, where: int) -> None:
    for row in range(source.shape[0]):
        for net in range(WIDTH):
            to[row, where + net] = source[row, at + net]


@compiled
def train(
    weights: Any, first: Any, second: Any, lr: Any, sharpness: Any, min_delta: Any, target: Any,
    patience: Any, best: Any, waited: Any, outcome: Any, stop: Any, best_loss: Any, best_loss_at: Any,
    best_val_loss: Any, best_val_loss_at: Any, done: int, mean: Any, root: Any,
    k: int, bypass: bool, activation: int, loss: int, optimizer: int, validates: bool,
) -> None:  # fmt: skip
    """Train len(mean) epochs, WIDTH networks at a time.

    Copies are written as loops: NumPy's slices would compile all of Numba's text handling, for their errors.
    """
    size, points = weights.shape[0], 8 if validates else 4
    P, G = np.empty((size, WIDTH), np.float32), np.empty((size, WIDTH), np.float32)
    M, V = np.empty((size, WIDTH), np.float32), np.empty((size, WIDTH), np.float32)
    H, S = np.empty((points, k, WIDTH), np.float32), np.empty((points, WIDTH), np.float32)
    E, L, Q = np.empty((points, WIDTH), np.float32), np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    R, W = np.empty((3, WIDTH), np.float32), np.empty((3, WIDTH), np.int32)
    B, A = np.empty((2, WIDTH), np.float32), np.empty((2, WIDTH), np.int32)
    active, rate, sharp = np.empty(WIDTH, np.int32), np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    for t in range(0, weights.shape[1], WIDTH):
        copy_columns(weights, t, P, 0)
        if optimizer >= MOMENTUM:
            copy_columns(first, t, M, 0)
        if optimizer == ADAM:
            copy_columns(second, t, V, 0)
        running = 0
        for net in range(WIDTH):
            n = t + net
            rate[net], sharp[net] = lr[n], sharpness[n]
            R[0, net], R[1, net], R[2, net] = best[n], min_delta[n], target[n]
            W[0, net], W[1, net], W[2, net] = waited[n], patience[n] if patience[n] else NEVER, outcome[n]
            B[0, net], B[1, net] = best_loss[n], best_val_loss[n]
            A[0, net], A[1, net] = best_loss_at[n], best_val_loss_at[n]
            active[net] = 1 if outcome[n] == RUNNING else 0
            running += active[net]
        for epoch in range(len(mean) + 1):
            forward(P, H, S, E, sharp, k, bypass, activation, points)
            if epoch:
                if validates:
                    mean_loss(S, E, L, Q, loss, points)
                    track_best(L, active, B, A, 1, done + epoch)
                if check_early_stopping(P, L, active, R, W, validates):
                    running = deactivate_ended(active, W, stop, t, done + epoch)
            if running == 0 or epoch == len(mean):
                break
            mean_loss(S, E, L, Q, loss, 4)
            track_best(L, active, B, A, 0, done + epoch + 1)
            backward(P, H, S, E, G, sharp, k, bypass, activation, loss)
            update(P, M, V, G, rate, active, optimizer, mean[epoch], root[epoch])
        deactivate_ended(active, W, stop, t, done + len(mean))
        for net in range(WIDTH):
            n = t + net
            best[n], waited[n], outcome[n] = R[0, net], W[0, net], W[2, net]
            best_loss[n], best_val_loss[n] = B[0, net], B[1, net]
            best_loss_at[n], best_val_loss_at[n] = A[0, net], A[1, net]
        copy_columns(P, 0, weights, t)
        if optimizer >= MOMENTUM:
            copy_columns(M, 0, first, t)
        if optimizer == ADAM:
            copy_columns(V, 0, second, t)


@compiled
def evaluate(
    weights: Any, sharpness: Any, losses: Any, right: Any, k: int, bypass: bool, activation: int, loss: int,
    validates: bool,
) -> None:  # fmt: skip
    """Losses over the rows and over the validation points into losses (2, N), right rows into right (N,)."""
    size, points = weights.shape[0], 8 if validates else 4
    P, H = np.empty((size, WIDTH), np.float32), np.empty((points, k, WIDTH), np.float32)
    S, E = np.empty((points, WIDTH), np.float32), np.empty((points, WIDTH), np.float32)
    L, Q, sharp = np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32), np.empty(WIDTH, np.float32)
    for t in range(0, weights.shape[1], WIDTH):
        copy_columns(weights, t, P, 0)
        for net in range(WIDTH):
            sharp[net] = sharpness[t + net]
            right[t + net] = 0
        forward(P, H, S, E, sharp, k, bypass, activation, points)
        for row in range(4):
            for net in range(WIDTH):
                right[t + net] += np.int32(1) if S[row, net] < f(0.0) else np.int32(0)
        for which in range(2):
            mean_loss(S, E, L, Q, loss, points if which else 4)
            for net in range(WIDTH):
                losses[which, t + net] = L[net]
