"""What answers are worth, for every kind of item, and how numbers are read."""

from __future__ import annotations

from typing import Any

import pytest

from engine.course.deck import Deck, read_deck
from engine.course.items import Interval, Item, OrderRow, PredictItem, Tolerance
from engine.course.marking import Marked, mark, parse_answer
from engine.course.numbers import parse_number
from engine.course.questions import Computed, Question, compute, question, seed_of
from engine.errors import InputError


@pytest.fixture(scope="module")
def deck() -> Deck:
    return read_deck()


def asked(item: Item, seed: int = 1) -> tuple[Question, Computed]:
    drawn = question(item, seed)
    return drawn, compute(drawn)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-3", 0.001), ("0,5", 0.5), ("½", 0.5), ("2½", 2.5), ("-¾", -0.75), ("3/4", 0.75), (" 7 ", 7),
     ("−2", -2),
     ("40 %", 0.4), (".5", 0.5), ("5.", 5), ("+3", 3), ("1E5", 1e5), ("0,500", 0.5), ("-1/3", -1 / 3)],
)  # fmt: skip
def test_a_number_is_read_as_it_is_typed(text: str, value: float) -> None:
    assert parse_number(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "nan", "inf", "-inf", "1e999", "1,882", "1,2,3", "two", "1 2", "3/0", "0x10", "1_000", "--1",
     "__import__", "1" * 10_000, "½½", "²", "\x1b[2J", "%", "一"],
)  # fmt: skip
def test_what_is_no_number_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_number(text)
    assert "answer: expected a number" in str(refused.value)
    assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_recall_is_rated_by_oneself(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.bias.recall"])
    assert [mark(drawn, computed, parse_answer(drawn, given)).rating for given in ("1", 2, 3, "4")] == [
        1,
        2,
        3,
        4,
    ]
    for wrong in (0, 5, "x", "", None, True):
        with pytest.raises(InputError):
            parse_answer(drawn, wrong)


def test_a_choice_is_right_wrong_with_its_reason_guessed_or_hinted(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.building.choice"])
    right = int(computed.key)  # type: ignore[arg-type]
    assert drawn.choices[right] == "it can represent every one exactly"
    assert mark(drawn, computed, right) == Marked(3, True)
    assert mark(drawn, computed, right, hinted=True).rating == 2
    assert mark(drawn, computed, right, guessed=True).rating == 1
    wrong = drawn.choices.index("only separable ones")
    found = mark(drawn, computed, wrong)
    assert (found.rating, found.right) == (1, False)
    assert found.why == "That is one unit without a hidden layer."
    assert found.difference == "It is: it can represent every one exactly."


def test_choices_are_shuffled_by_seed_and_always_alike(deck: Deck) -> None:
    item = deck.items["l02.building.choice"]
    orders = {question(item, seed).places for seed in range(40)}
    assert len(orders) > 10
    assert question(item, 5) == question(item, 5)
    for seed in range(10):
        drawn, computed = asked(item, seed)
        assert drawn.choices[int(computed.key)] == "it can represent every one exactly"  # type: ignore[arg-type]


def test_a_number_may_be_tried_twice(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.distance.number"])
    key = float(computed.key)  # type: ignore[arg-type]
    assert mark(drawn, computed, key + 0.009) == Marked(3, True, f"It is {key:.4g}.")
    first = mark(drawn, computed, key + 1)
    assert first.may_retry and first.rating is None
    assert mark(drawn, computed, key, attempt=2).rating == 2
    assert mark(drawn, computed, key, hinted=True).rating == 2
    assert mark(drawn, computed, key, guessed=True).rating == 1
    second = mark(drawn, computed, key + 1, attempt=2)
    assert (second.rating, second.difference) == (1, f"It is {key:.4g}: off by 1.")


def test_numbers_are_drawn_anew_for_each_review_and_the_key_follows(deck: Deck) -> None:
    item = deck.items["l02.distance.number"]
    found = {}
    for review in range(30):
        drawn, computed = asked(item, seed_of(item.id, item.rev, review))
        assert computed.key == pytest.approx(abs(drawn.drawn["b"]) / 5)
        assert f"b = {drawn.drawn['b']:g}." in drawn.ask
        found[drawn.drawn["b"]] = computed.key
    assert len(found) == 5


def test_an_order_is_that_of_its_key(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.share.order"], 3)
    key = list(computed.key)  # type: ignore[arg-type]
    assert [drawn.choices[place] for place in key] == [
        "of one input", "of two inputs", "of three inputs", "of four inputs",
    ]  # fmt: skip
    assert mark(drawn, computed, parse_answer(drawn, key)).rating == 3
    found = mark(drawn, computed, parse_answer(drawn, " ".join(str(place) for place in reversed(key))))
    assert (found.rating, found.difference) == (
        1, "It is: of one input, of two inputs, of three inputs, of four inputs.",
    )  # fmt: skip
    for wrong in ("0 1 2", "0 1 2 2", "a b c d", None, 3):
        with pytest.raises(InputError):
            parse_answer(drawn, wrong)


def test_a_predicted_number_is_near_far_or_off(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.scale.predict"])
    key = float(computed.key)  # type: ignore[arg-type]
    ratings = [mark(drawn, computed, key + off).rating for off in (0, 0.029, 0.031, 0.149, 0.16)]
    assert ratings == [3, 3, 2, 2, 1]
    assert mark(drawn, computed, key, guessed=True).rating == 2
    assert "more than 0.15: asked again" in mark(drawn, computed, key + 1).difference


def test_a_predicted_direction_is_right_or_wrong(deck: Deck) -> None:
    both = [asked(deck.items["l02.cold.predict"], seed) for seed in range(12)]
    assert {computed.key for _, computed in both} == {"rises", "falls"}
    for drawn, computed in both:
        wrong = "rises" if computed.key == "falls" else "falls"
        assert mark(drawn, computed, parse_answer(drawn, str(computed.key))).rating == 3
        assert mark(drawn, computed, parse_answer(drawn, wrong)) == Marked(1, False, f"It {computed.key}.")
    with pytest.raises(InputError, match="rises, falls, stays"):
        parse_answer(drawn, "sideways")


def predict(**fields: Any) -> PredictItem:
    usual: dict[str, Any] = {
        "id": "l01.it.predict", "rev": 1, "kind": "predict", "concept": "it", "ask": "?", "explain": "!",
        "aid": "neuron", "key": "z", "params": {"w1": 1, "w2": 0, "b": 0}, "vary": {}, "then": {},
        "near": Tolerance(0.5), "far": Tolerance(2), "budget_s": 1,
    }  # fmt: skip
    return PredictItem(**{**usual, **fields})


def test_a_predicted_choice_is_that_of_its_interval() -> None:
    choices = (Interval("low", -9, -1), Interval("middle", -1, 1), Interval("high", 1, 9))
    drawn, computed = asked(predict(form="choice", choices=choices, vary={"x1": [2]}))
    assert drawn.choices == ("low", "middle", "high") and computed.key == 2
    assert mark(drawn, computed, parse_answer(drawn, "2")).rating == 3
    assert mark(drawn, computed, 0).difference == "It is: high."


def test_a_predicted_curve_is_eight_values() -> None:
    item = predict(form="curve", over="x1", at=(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0))
    drawn, computed = asked(item)
    assert computed.key == (0, 1, 2, 3, 4, 5, 6, 7)
    assert mark(drawn, computed, parse_answer(drawn, "0 1 2 3 4 5 6 7")).rating == 3
    assert mark(drawn, computed, parse_answer(drawn, [one + 1 for one in range(8)])).rating == 2
    assert "in the mean" in mark(drawn, computed, [9.0] * 8).difference
    with pytest.raises(InputError, match="eight numbers"):
        parse_answer(drawn, "1 2 3")


def test_a_predicted_order_is_largest_first() -> None:
    rows = tuple(OrderRow(str(value), {"x1": value}) for value in (1, 3, 2))
    drawn, computed = asked(predict(form="order", rows=rows))
    assert [drawn.choices[int(place)] for place in computed.key] == ["3", "2", "1"]  # type: ignore[union-attr,arg-type]


def test_a_build_is_judged_by_its_aid_and_schedules_nothing(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.nand.build"])
    solved = {"w1": -1, "w2": -1, "b": 1.5}
    assert mark(drawn, computed, parse_answer(drawn, solved)) == Marked(None, True)
    assert not mark(drawn, computed, parse_answer(drawn, {"b": 1})).right
    as_and = {"puzzle": "AND", "w1": 1, "w2": 1, "b": -1.5}
    assert not mark(drawn, computed, parse_answer(drawn, as_and)).right, "the goal is that of the item"
    with pytest.raises(InputError):
        parse_answer(drawn, "solved")


def test_an_essay_keeps_its_ticks_and_schedules_nothing(deck: Deck) -> None:
    drawn, computed = asked(deck.items["l02.history.essay"])
    assert parse_answer(drawn, [True, False, True, True, False]) == [True, False, True, True, False]
    assert mark(drawn, computed, []).rating is None
