"""Decks as files: what is read, and what is complained about, with file, line, item and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.course.check import check
from engine.course.deck import Deck, read_deck
from engine.course.items import ChoiceItem, PredictItem, RecallItem
from engine.course.problems import Problem, Problems
from engine.course.reading import plain_words, read_lecture

COURSE = 'format_version = 1\nid = "mine"\ntitle = "Mine"\nlectures = ["l01-own"]\n'
LECTURE = """+++
id = "l01"
title = "Own"
minutes = 5
+++
An overview with a [[word|shown word]] and *stress*.

## First {covers="L1.T1 L1.T2" corrects="E3"}

Some `code`, a [link](https://example.org) and a list:

1. one
2. two

And code:

    indented code

{{aid neuron x1="2" act="tanh"}}
{{item l01.own.recall}}
"""
RECALL = """
[[item]]
id = "l01.own.recall"
kind = "recall"
ask = "What?"
answer = "That."
points = ["one", "two"]
explain = "So."
"""
VIDEO = '[[video]]\nid = "7VeUPuFGJHk"\ntitle = "a"\nchannel = "b"\nsource = "c"\n'
GLOSSARY = '[[term]]\nname = "word"\nlecture = "l01"\ntext = "A thing."\n'


def make(folder: Path, **files: str) -> Deck:
    """A deck that is right but for the given files; None leaves one out."""
    texts = {"course": COURSE, "lecture": LECTURE, "items": RECALL, "glossary": GLOSSARY, **files}
    (folder / "l01-own").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        inside = folder / "l01-own" if name in ("lecture", "items") else folder
        (inside / f"{name}.{'md' if name == 'lecture' else 'toml'}").write_text(text)
    return read_deck(folder)


def complaints(deck: Deck) -> list[Problem]:
    return list(check(deck).problems)


def test_a_deck_of_ones_own_is_read(tmp_path: Path) -> None:
    deck = make(tmp_path)
    assert complaints(deck) == []
    assert (deck.id, list(deck.lectures), list(deck.items)) == ("mine", ["l01"], ["l01.own.recall"])
    assert isinstance(deck.items["l01.own.recall"], RecallItem)
    assert check(deck).summary == "1 lecture, 1 item, 1 aid, no problem"


def test_a_lecture_is_sections_of_blocks_of_styled_words(tmp_path: Path) -> None:
    lecture = make(tmp_path).lectures["l01"]
    assert [(word.text, word.style) for word in lecture.overview.blocks[0].words] == [
        ("An overview with a ", ""), ("shown word", "term"), (" and ", ""), ("stress", "emphasis"), (".", ""),
    ]  # fmt: skip
    assert list(lecture.terms()) == [("word", 6)]
    (section,) = lecture.sections
    assert (section.title, section.slug, section.covers) == ("First", "first", ("L1.T1", "L1.T2"))
    assert section.corrects == ("E3",) and section.line == 8
    assert [(block.kind, block.line) for block in section.blocks] == [
        ("paragraph", 10), ("number", 12), ("number", 13), ("paragraph", 15), ("code", 17),
        ("aid", 19), ("item", 20),
    ]  # fmt: skip
    assert [block.name for block in section.blocks if block.kind == "number"] == ["1", "2"]
    assert section.blocks[5].params == {"x1": "2", "act": "tanh"}
    assert section.named("item") == ("l01.own.recall",)
    link = next(word for word in section.blocks[0].words if word.style == "link")
    assert (link.text, link.target) == ("link", "https://example.org")


def test_words_around_and_within_styles_keep_their_text() -> None:
    words = plain_words("a **b [[c]]** `[[d]]` <b>e</b>")
    assert [(word.text, word.style) for word in words] == [
        ("a ", ""), ("b ", "strong"), ("c", "term"), (" ", ""), ("[[d]]", "code"), (" <b>e</b>", ""),
    ]  # fmt: skip


BROKEN = [
    ("items", "[[item]]\nid = 3\n[", "items.toml", 3, ""),
    ("items", RECALL.replace("recall", "quiz"), "items.toml", 4, "kind"),
    ("items", RECALL.replace('explain = "So."', 'explain = "So."\nhelp = 1'), "items.toml", 9, "help"),
    ("items", RECALL.replace('["one", "two"]', '["one"]'), "items.toml", 7, "points"),
    ("items", RECALL.replace('ask = "What?"', ""), "items.toml", 2, "ask"),
    ("items", RECALL + RECALL, "items.toml", 11, "id"),
    ("items", RECALL.replace("l01.own", "l02.own"), "items.toml", 3, "id"),
    ("items", RECALL + 'aid = "nothing"\n', "items.toml", 2, "aid"),
    ("items", RECALL + 'sources = ["nothing"]\n', "items.toml", 2, "sources"),
    ("items", RECALL.replace("What", "Wh\x1bat"), "items.toml", 5, ""),
    ("course", COURSE.replace("= 1", "= 2", 1), "course.toml", 1, "format_version"),
    ("course", COURSE.replace("l01-own", "../l01-own"), "../l01-own/lecture.md", 0, ""),
    ("course", COURSE.replace("l01-own", "l02-none"), "l02-none/lecture.md", 0, ""),
    ("lecture", "no front matter", "l01-own/lecture.md", 1, ""),
    ("lecture", LECTURE.replace("minutes = 5", "minutes ="), "l01-own/lecture.md", 4, ""),
    ("lecture", LECTURE.replace("minutes = 5", "minutes = 5\nowner = 1"), "l01-own/lecture.md", 5, "owner"),
    ("lecture", LECTURE.replace("aid neuron", "aid nothing"), "l01-own/lecture.md", 19, ""),
    ("lecture", LECTURE.replace('x1="2"', 'x1="two"'), "l01-own/lecture.md", 19, ""),
    ("lecture", LECTURE.replace("own.recall", "other.recall"), "l01-own/lecture.md", 20, ""),
    ("lecture", LECTURE.replace("[[word|", "[[wood|"), "l01-own/lecture.md", 6, ""),
    ("lecture", LECTURE.replace("= 5", '= 5\nvideos = ["x"]'), "l01-own/lecture.md", 1, "videos"),
    ("lecture", LECTURE + "And more.\n", "l01-own/lecture.md", 8, ""),
    ("lecture", LECTURE.replace("Some", "word " * 250 + "Some"), "l01-own/lecture.md", 8, ""),
    ("glossary", GLOSSARY.replace("l01", "l09"), "glossary.toml", 1, "lecture"),
    ("glossary", GLOSSARY + GLOSSARY, "glossary.toml", 6, "name"),
    ("glossary", GLOSSARY + GLOSSARY.replace("wo", "Wo") + 'aliases = ["x"]', "glossary.toml", 5, ""),
    ("videos", VIDEO, "videos.toml", 1, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "file", "line", "field"), BROKEN)
def test_a_broken_file_is_named_with_line_and_field(
    name: str, text: str, file: str, line: int, field: str, tmp_path: Path
) -> None:
    found = complaints(make(tmp_path, **{name: text}))
    assert any(
        one.file.endswith(file) and (one.line, one.field) == (line, field) for one in found
    ), [str(one) for one in found]  # fmt: skip
    assert all(one.expected and one.got and "\x1b" not in str(one) for one in found)


def test_a_file_of_a_hundred_megabytes_and_one_of_other_bytes_are_left_out(tmp_path: Path) -> None:
    make(tmp_path)
    with (tmp_path / "l01-own" / "items.toml").open("wb") as file:
        file.truncate(100_000_000)
    (tmp_path / "glossary.toml").write_bytes(b"\n\xff")
    found = {one.file: one for one in read_deck(tmp_path).problems}
    assert "100,000,000" in found["l01-own/items.toml"].got
    assert (found["glossary.toml"].line, found["glossary.toml"].expected) == (2, "UTF-8")


def test_one_broken_item_leaves_the_others(tmp_path: Path) -> None:
    deck = make(tmp_path, items=RECALL.replace("own", "bad").replace("ask =", "asks =") + RECALL)
    assert list(deck.items) == ["l01.own.recall"]


def test_every_mistake_of_an_item_is_told_at_once(tmp_path: Path) -> None:
    number = item(
        "number", key="depth", params={"w1": "one", "w2": 999}, tol={"abs": -1}, sources=["x"], help=1,
        ask="What of {depth}?", vary={"x1": [1, 99, "two"]},
    )  # fmt: skip
    quiz = RECALL.replace("l01.own.recall", "own").replace('"recall"', '"quiz"').replace("ask", "asks")
    found = [(one.item, one.field) for one in complaints(make(tmp_path, items=number + quiz))]
    wanted = ["ask", "help", "key", "params", "params", "sources", "tol", "vary", "vary"]
    assert sorted(field for name, field in found if name == "l01.it.number") == wanted
    assert sorted(field for name, field in found if name == "own") == ["ask", "id", "kind"]


def test_items_of_a_lecture_without_a_head_are_checked_too(tmp_path: Path) -> None:
    found = complaints(make(tmp_path, lecture="no head", items=RECALL + 'aid = "nothing"\n'))
    assert {(one.file, one.field) for one in found} == {
        ("l01-own/lecture.md", ""), ("l01-own/items.toml", "aid"), ("glossary.toml", "lecture"),
    }  # fmt: skip


def item(kind: str, **fields: Any) -> str:
    """An item of a kind as TOML, right but for the given fields."""
    usual = {
        "choice": {"choices": [{"text": "a", "right": True}, *({"text": x, "why": "no"} for x in "bc")]},
        "number": {"aid": "neuron", "key": "z", "tol": {"abs": 0.1}, "vary": {"x1": [1, 2]}},
        "order": {"aid": "activations", "key": "largest_slope",
                  "rows": [{"text": name, "params": {"act": name}} for name in ("sigmoid", "tanh", "gelu")]},
        "predict": {"form": "number", "aid": "neuron", "key": "z", "near": {"abs": 1}, "far": {"abs": 2}},
        "build": {"aid": "gate_lab", "goal": "solved", "params": {"puzzle": "OR"}},
        "essay": {"rubric": ["a", "b", "c", "d"]},
    }[kind]  # fmt: skip
    given = {"id": f"l01.it.{kind}", "kind": kind, "ask": "What?", "explain": "So.", **usual, **fields}
    return RECALL + "\n[[item]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in given.items())


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f'"{value}"' \
        if isinstance(value, str) else str(value)  # fmt: skip


@pytest.mark.parametrize("kind", ["choice", "number", "order", "predict", "build", "essay"])
def test_each_kind_is_read_without_a_complaint(kind: str, tmp_path: Path) -> None:
    deck = make(tmp_path, items=item(kind))
    assert [str(one) for one in complaints(deck)] == []
    assert f"l01.it.{kind}" in deck.items


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("choice", "choices", [{"text": "a", "right": True}, {"text": "b"}, {"text": "c", "why": "no"}]),
        (
            "choice",
            "choices",
            [{"text": "a", "why": "x"}, {"text": "b", "why": "x"}, {"text": "c", "why": "x"}],
        ),
        ("number", "key", 7),
        ("number", "key", "depth"),
        ("number", "tol", {"abs": -1}),
        ("number", "vary", {"x1": [1, 99]}),
        ("number", "vary", {"x1": "3..1"}),
        ("number", "ask", "What of {depth}?"),
        ("order", "rows", [{"text": name, "params": {"act": name}} for name in ("relu", "tanh", "sigmoid")]),
        ("predict", "form", "guess"),
        ("predict", "far", {"abs": 0.5}),
        ("build", "goal", "won"),
        ("build", "params", {"puzzle": "MAYBE"}),
        ("essay", "rubric", ["a"]),
    ],
)
def test_a_field_that_cannot_be_used_is_complained_about(
    kind: str, field: str, value: Any, tmp_path: Path
) -> None:
    found = complaints(make(tmp_path, items=item(kind, **{field: value})))
    assert any(one.item == f"l01.it.{kind}" and one.field == field for one in found), found


def test_predictions_have_five_forms(tmp_path: Path) -> None:
    forms: dict[str, dict[str, Any]] = {
        "number": {},
        "direction": {"then": {"x1": 3}},
        "choice": {"choices": [{"text": "low", "below": -1}, {"text": "mid", "least": -1, "below": 1},
                               {"text": "high", "least": 1}]},
        "order": {"rows": [{"text": str(b), "params": {"b": b}} for b in (1, 2, 3)]},
        "curve": {"over": "b", "at": [0, 1, 2, 3, 4, 5, 6, 7]},
    }  # fmt: skip
    for form, fields in forms.items():
        deck = make(tmp_path, items=item("predict", form=form, **fields))
        left_over = {"choice", "order", "direction"} & {form}
        found = [one for one in complaints(deck) if not (left_over and one.field in ("near", "far"))]
        assert [str(one) for one in found] == [], form


def test_the_right_choice_and_its_reasons_are_read(tmp_path: Path) -> None:
    deck = make(tmp_path, items=item("choice"))
    made = deck.items["l01.it.choice"]
    assert isinstance(made, ChoiceItem)
    assert [(one.text, one.right, one.why) for one in made.choices][:2] == [
        ("a", True, ""),
        ("b", False, "no"),
    ]
    assert isinstance(make(tmp_path, items=item("predict")).items["l01.it.predict"], PredictItem)


def test_a_lecture_without_a_head_is_none() -> None:
    problems = Problems("x.md")
    assert read_lecture("+++\nid = [\n+++\n", problems) is None
    assert problems.found[0].line in (2, 3)
