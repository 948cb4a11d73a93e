"""Aids on small built-in examples: weights as pictures, slices, unrolled gradients, leaks, stopping, cost."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.aids import augment, cost, early_stop, filters, glyphs, loss_slice, transfer, unroll, weight_image
from engine.aids.block import drawn, norm, read_off, through
from engine.aids.catalog import compute
from engine.aids.computing_in_parts import finish
from engine.aids.small_mlp import loss
from engine.errors import ParamError

TEN = range(10)


@pytest.mark.parametrize("seed", TEN)
def test_weights_are_the_sum_of_corrected_pictures_and_show_the_digit(seed: int) -> None:
    values = compute("weight_image", {"digit": seed, "epochs": 20}, seed).values
    assert values["contrast"] > 0 and values["right"] > 0.9
    untrained = compute("weight_image", {"digit": seed, "epochs": 0}, seed).values
    assert untrained["norm"] == untrained["mistakes"] == 0
    x, digits = glyphs.examples(np.random.default_rng(seed), weight_image.EACH)
    targets = (digits == seed).astype(float)
    weights, bias, mistakes = weight_image.learn(x, targets, 1)
    by_hand, b, count = np.zeros(81), 0.0, 0
    for row, target in zip(x, targets, strict=True):
        fires = float(row @ by_hand + b > 0)
        by_hand, b, count = by_hand + (target - fires) * row, b + target - fires, count + (fires != target)
    assert weights == pytest.approx(by_hand) and (bias, mistakes) == (b, [count])


@pytest.mark.parametrize("seed", TEN)
def test_the_middle_of_a_slice_is_the_loss_of_the_network(seed: int) -> None:
    given = {"steps": 40, "reach": 0.5}
    made = compute("loss_slice", given, seed)
    values, heights = made.values, np.array(made.data["heights"])
    assert values["centre"] == pytest.approx(values["loss"], rel=1e-12)
    assert values["least"] == heights.min() and heights[8, 8] == values["centre"]
    net = loss_slice.trained(seed, 40)
    source = np.random.default_rng([seed, 0])
    one = loss_slice.direction(net.weights, source, True)
    for name in ("W1", "W2"):
        rows = np.linalg.norm(one[name], axis=1)
        assert rows == pytest.approx(np.linalg.norm(net.weights[name], axis=1))
    moved = {name: weights + 0.5 * one[name] for name, weights in net.weights.items()}
    assert heights[8, 16] == pytest.approx(loss(net, moved))
    assert compute("loss_slice", {**given, "steps": 400}, seed).values["loss"] < values["loss"]


@pytest.mark.parametrize("seed", TEN)
def test_gradients_back_in_time_are_central_differences(seed: int) -> None:
    values = compute("unroll", {"length": 9, "bias": 1.0}, seed).values
    assert values["error"] < 1e-7 and values["last"] == pytest.approx(math.sqrt(2 * values["loss"]))
    shut = compute("unroll", {"length": 12, "bias": -6.0}, seed).values
    wide = compute("unroll", {"length": 12, "bias": 6.0}, seed).values
    assert shut["forget"] < 0.2 < 0.9 < wide["forget"] and wide["cell_share"] > 10 * shut["cell_share"]


def test_an_output_is_read_through_its_gates() -> None:
    source = np.random.default_rng(4)
    [one, two] = unroll.read(source.normal(size=(2, 24)), source.normal(size=(24, 6)))
    for step in (one, two):
        assert step.c == pytest.approx(step.f * step.c_before + step.i * step.g)
        assert step.h == pytest.approx(step.o * np.tanh(step.c))
    assert (two.c_before == one.c).all() and (one.c_before == 0).all()


@pytest.mark.parametrize("words", [2, 12, 50])
def test_nobody_is_less_surprised_by_random_words_than_honestly(words: int) -> None:
    for setup in ("forward", "reversed"):
        values = compute("leak", {"setup": setup, "words": words}).values
        assert values["least"] == values["honest"] == words and values["suspicious"] == 0
    half = compute("leak", {"words": words, "length": 21}).values
    assert half["leaked"] == 0.5 and half["least"] == pytest.approx(math.sqrt(words))
    assert half["bits"] == pytest.approx(math.log2(words) / 2)
    short = compute("leak", {"words": words, "length": 21, "memory": 3}).values
    assert math.sqrt(words) < short["least"] < words and short["leaked"] == 2 / 20
    without = compute("leak", {"words": words, "memory": 0, "length": 21}).values
    assert without["leaked"] == 1 / 20, "the word in the middle has just been read"


@pytest.mark.parametrize("length", [2, 5, 12])
def test_attention_looks_back_from_the_end_and_a_narrow_vector_forgets(length: int) -> None:
    values = compute("seq2seq", {"length": length, "sharpness": 6.0}).values
    e = math.exp(6)
    assert values["weight"] == pytest.approx(e / (e + length - 1)) and values["row_sum"] == pytest.approx(1)
    assert values["best_places"] == values["attention"] == 1
    if length > 2:
        narrow, wide = (compute("seq2seq", {"length": length, "d": d}).values["one_vector"] for d in (4, 512))
        assert narrow < 0.7 < 0.95 < wide
    assert compute("seq2seq", {"length": length, "sharpness": 0.0}).values["weight"] == pytest.approx(
        1 / length
    )


@pytest.mark.parametrize("seed", TEN)
@pytest.mark.parametrize(("patience", "gain"), [(1, 0.0), (8, 0.0), (20, 0.05)])
def test_the_rule_stops_where_it_does_by_hand(seed: int, patience: int, gain: float) -> None:
    values = compute("early_stop", {"patience": patience, "gain": gain}, seed).values
    _, losses = early_stop.curves(0.02, seed)
    kept = 0
    for epoch in range(len(losses)):
        if losses[epoch] < losses[kept] - gain:
            kept = epoch
        if epoch - kept == patience or epoch == len(losses) - 1:
            break
    assert (values["stop"], values["kept"]) == (epoch + 1, kept + 1)
    assert values["missed"] == pytest.approx(losses[kept] - losses.min()) and values["missed"] >= 0
    assert values["saved"] == 120 - values["stop"]


@pytest.mark.parametrize("like", [-1.0, 0.0, 0.5, 0.9, 1.0])
def test_a_run_begun_with_weights_falls_as_the_formula_says(like: float) -> None:
    values = compute("transfer", {"like": like, "steps": 30, "lr": 0.1}, 3).values
    assert values["first_new"] == pytest.approx(0.5)
    assert values["first_begun"] == pytest.approx(1 - like, abs=1e-12)  # |w0 - w|² = 2 - 2 cosine
    assert values["last_new"] == pytest.approx(0.5 * 0.9**60)
    assert (values["first_begun"] < values["first_new"]) == (like > 0.5)
    losses = transfer.losses(*_task(like), 0.1, 200)
    below = int(np.argmax(losses < 0.05)) if (losses < 0.05).any() else 0
    assert compute("transfer", {"like": like}, 3).values["steps_begun"] == below


def _task(like: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    x, old, new = transfer.tasks(like, 3)
    return x, new, old


def test_a_named_head_looks_where_its_name_says() -> None:
    words = "a b a c a b"
    e = math.exp(5)
    for row in range(2, 7):
        values = compute(
            "attention", {"words": words, "head": "previous word", "sharpness": 5.0, "row": row}
        ).values
        assert values["looks_at"] == row - 1 and values["weight"] == pytest.approx(e / (e + row - 1))
    same = compute("attention", {"words": words, "head": "same word", "sharpness": 5.0, "row": 5}).values
    assert same["weight"] == pytest.approx(e / (3 * e + 2)) and same["itself"] == same["weight"]
    alike = compute("attention", {"words": words, "head": "all alike", "row": 4}).values
    assert alike["weight"] == pytest.approx(0.25) and alike["entropy"] == pytest.approx(math.log(4))
    for seed in TEN:
        given = {"words": words, "head": "random", "row": 6}
        masked, bare = (compute("attention", {**given, "causal": on}, seed).values for on in (True, False))
        assert masked["later"] == 0 < bare["later"] and masked["row_sum"] == pytest.approx(1)
    for wrong in ("", "word " * 25):
        with pytest.raises(ParamError, match="words: expected 1 to 24"):
            compute("attention", {"words": wrong})


@pytest.mark.parametrize("seed", TEN)
def test_what_is_read_off_behind_the_last_block_is_the_prediction(seed: int) -> None:
    made = compute("block", {"blocks": 3, "place": 2}, seed)
    source = np.random.default_rng(seed)
    net = drawn(source, 3)
    words = source.integers(0, 12, 6)
    x = through(net, net.embedding[words], 1.0)[-1]
    p = read_off(net, x)[1]
    assert made.values["p_after"] == pytest.approx(p.max()) and made.values["last_norm"] == pytest.approx(
        np.linalg.norm(x[1])
    )
    short = through(net, net.embedding[words[:2]], 1.0)[-1]
    assert short == pytest.approx(x[:2])  # later words change nothing
    still = compute("block", {"blocks": 3, "scale": 0.0}, seed).values
    assert (
        still["first_norm"] == still["last_norm"]
        and still["decided"] == 0
        and still["turned"] == pytest.approx(1)
    )
    assert norm(x).std(axis=1) == pytest.approx(np.ones(6), abs=1e-3)


@pytest.mark.parametrize("finds", list(filters.KERNELS))
def test_a_kernel_comes_nearer_to_the_one_it_learns_from(finds: str) -> None:
    values = [compute("filters", {"finds": finds, "steps": steps}, 2).values for steps in (0, 10, 500)]
    assert values[0]["loss"] == values[0]["first_loss"] > values[1]["loss"] > values[2]["loss"]
    assert values[0]["distance"] > values[1]["distance"] > values[2]["distance"] and values[2]["like"] > 0.8
    assert 0 < values[2]["cut"] < 1 or finds == "blur"


def test_a_step_of_a_filter_is_that_of_its_gradient() -> None:
    source = np.random.default_rng(1)
    windows, wanted, start = source.normal(size=(40, 9)), source.normal(size=9), source.normal(size=9)
    moved = filters.learn(windows, wanted, start, 1, 0.5)
    slopes = np.zeros(9)
    for place in range(9):
        by = np.eye(9)[place] * 1e-6
        up, down = (filters.difference(windows, start + side * by, wanted) for side in (1, -1))
        slopes[place] = (up - down) / 2e-6
    rate = 0.5 * 2 / np.linalg.eigvalsh(2 * windows.T @ windows / 40)[-1]
    assert moved == pytest.approx(start - rate * slopes, abs=1e-6)


@pytest.mark.parametrize("bias", [-2.0, 0.0, 4.0])
def test_a_cell_is_the_sum_of_what_was_let_in_times_what_was_kept(bias: float) -> None:
    f = 1 / (1 + math.exp(-bias))
    values = compute("gates", {"words": "1" + "0" * 9, "forget": bias}).values
    let_in = values["i_marked"] * math.tanh(2)
    assert values["c"] == pytest.approx(let_in * f**9) and values["h"] == pytest.approx(
        values["o"] * math.tanh(values["c"])
    )
    assert values["half_life"] == pytest.approx(math.log(0.5) / math.log(f))
    every = compute("gates", {"words": "1" * 8, "forget": bias}).values
    assert every["c"] == pytest.approx(let_in * (1 - f**8) / (1 - f))
    with pytest.raises(ParamError, match="signs 0 and 1"):
        compute("gates", {"words": "2"})


@pytest.mark.parametrize("number", TEN)
def test_a_copy_that_is_not_moved_is_the_digit(number: int) -> None:
    still = compute("augment", {"digit": number, "right": 0, "noise": 0.0}).values
    assert still["distance"] == 0 and still["said"] == number and still["kept"] == still["right_share"] == 1
    away = compute("augment", {"digit": number, "right": 8, "noise": 0.0}).values
    assert away["kept"] == 0 and away["p"] == pytest.approx(0.1)
    picture = glyphs.digit(number)
    assert (glyphs.moved(glyphs.moved(picture, 1, -1), -1, 1) == picture).all()
    assert (glyphs.moved(picture, 2, 0)[:, 2:] == picture[:, :-2]).all()
    assert augment.probabilities(picture[None]).sum() == pytest.approx(1)


@pytest.mark.parametrize(("t", "d"), [(64, 32), (1000, 500), (4096, 256)])
def test_attention_costs_more_from_twice_the_width_on(t: int, d: int) -> None:
    values = compute("cost", {"T": t, "d": d, "heads": 2}).values
    assert values["attention"] == 4 * t * d**2 + 2 * t**2 * d and values["lstm"] == 8 * t * d**2
    assert values["bytes"] == 8 * t**2 and 2 <= values["doubled"] <= 4
    at = compute("cost", {"T": int(values["equal_at"]), "d": d}).values
    assert at["ratio"] == 1 and (values["ratio"] > 1) == (t > 2 * d)
    assert (
        compute("cost", {"T": 2048, "d": 64}).values["attention"]
        >= 3 * compute("cost", {"T": 1024, "d": 64}).values["attention"]
    )


def test_what_is_timed_is_attention_and_an_lstm() -> None:
    torch = pytest.importorskip("torch")
    source = np.random.default_rng(0)
    x, weights = source.normal(size=(7, 6)), source.normal(size=(8, 6, 6))
    q, k, v = (torch.tensor((x @ w).reshape(7, 2, 3)).transpose(0, 1) for w in weights[:3])
    attended = torch.nn.functional.scaled_dot_product_attention(q, k, v).transpose(0, 1).reshape(7, 6)
    assert np.allclose(finish(cost.attend(x, weights[:4], 2)), attended.numpy() @ weights[3])
    lstm = torch.nn.LSTM(6, 6, bias=False, dtype=torch.float64)
    order = (0, 1, 3, 2)  # torch has the cell before the output gate
    with torch.no_grad():
        for name, first in (("weight_ih_l0", 0), ("weight_hh_l0", 4)):
            getattr(lstm, name).copy_(torch.tensor(np.concatenate([weights[first + one].T for one in order])))
        expected = lstm(torch.tensor(x))[1][0][0]
    assert np.allclose(finish(cost.read(x, weights)), expected.numpy())


def test_the_time_is_measured_on_this_machine_up_to_the_most_words_and_grows_with_them() -> None:
    counted = compute("cost", {"T": 300, "d": 32})
    made = compute("cost", {"T": 300, "d": 32, "by": "seconds"})
    assert made.values.items() >= counted.values.items() and "growth" not in counted.values
    assert made.values["measured_words"] == 300 and made.values["measured_width"] == 32
    assert [line["x"] for line in made.data["lines"]] == [[37, 75, 150, 300]] * 2
    assert all(second > 0 for line in made.data["lines"] for second in line["y"])
    assert made.values["lstm_seconds"] > made.data["lines"][1]["y"][0]
    far = compute("cost", {"T": 1_000_000, "d": 16, "by": "seconds", "heads": 1}).values
    assert far["measured_words"] == 2048 and far["growth"] > 1


def test_a_short_text_is_timed_too() -> None:
    values = compute("cost", {"T": 1, "d": 1, "heads": 9, "by": "seconds"}).values
    assert values["measured_words"] == 1 and "growth" not in values
