"""Methods `language.*` return what their docstrings declare."""

from __future__ import annotations

import codecs
import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import DltuiError
from engine.places import Places
from engine.session import methods
from engine.session.cache import SessionCache
from tests.engine.session.requests import parts, request
from tests.fakes.language_run import transformer, write_run

HEAD = {"run", "direction", "step", "epoch", "weights", "is_running", "notice"}


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


@pytest.fixture
def forward(places: Places) -> str:
    return write_run(places, name="ahead")


@pytest.fixture
def back(places: Places) -> str:
    return write_run(places, direction="reversed", layers=2)


def test_predict_returns_the_next_words(session_cache: SessionCache, forward: str) -> None:
    response = request(session_cache, "language.predict", run=forward, text="I love chocolate", k=3)
    assert response.keys() == HEAD | {"text", "words", "unknown", "candidates"}
    best = response["candidates"][0]
    assert (best["word"], best["kind"]) == ("cupcakes", "word")
    assert best["surprisal"] == pytest.approx(-math.log2(best["p"]))
    assert len(response["candidates"]) == 3


def test_predict_returns_the_probabilities_that_generate_draws_with(
    session_cache: SessionCache, forward: str
) -> None:
    facts = {"run": forward, "text": "i love", "top_k": 1, "until_end": True}
    found = request(session_cache, "language.predict", k=50, **facts)["candidates"]
    assert [one["word"] for one in found if one["drawn"]] == ["cupcakes"]
    assert parts(session_cache, "language.generate", seed=1, length=9, **facts)[0]["word"] == "cupcakes"
    usual = request(session_cache, "language.predict", run=forward, text="i love", k=50, until_end=True)[
        "candidates"
    ]
    assert all(one["drawn"] == pytest.approx(one["p"], rel=0.01) for one in usual if one["kind"] != "unknown")
    with pytest.raises(DltuiError, match="temperature: expected"):
        request(session_cache, "language.predict", run=forward, text="i love", temperature=-1)


def test_a_reversed_model_predicts_the_words_before(session_cache: SessionCache, back: str) -> None:
    response = request(session_cache, "language.predict", run=back, text="cupcakes", k=2)
    assert {found["word"] for found in response["candidates"]} == {"love", "chocolate"}


def test_generate_streams_and_repeats_for_a_seed(session_cache: SessionCache, forward: str) -> None:
    facts = {"run": forward, "text": "i love", "seed": 5, "length": 9, "until_end": True, "top_k": 3}
    streamed = parts(session_cache, "language.generate", **facts)
    *drawn, last = streamed
    assert [part["word"] for part in drawn if part["kind"] == "word"] == last["words"][2:]
    assert all(part["side"] == "right" for part in drawn)
    assert last["done"] and last["seed"] == 5
    assert last["text"] == " ".join(last["words"])
    assert last["logp"] == pytest.approx(sum(math.log(part["p"]) for part in drawn))
    assert streamed == parts(
        session_cache,
        "language.generate",
        run=forward,
        text="i love",
        seed=5,
        length=9,
        until_end=True,
        top_k=3,
    )


def test_a_seed_that_was_chosen_at_random_can_be_used_again(
    session_cache: SessionCache, forward: str
) -> None:
    first = parts(session_cache, "language.generate", run=forward, text="a")[-1]
    assert parts(session_cache, "language.generate", run=forward, text="a", seed=first["seed"])[-1] == first


def test_the_notebooks_temperatures_repeat_for_a_seed(session_cache: SessionCache, forward: str) -> None:
    for temperature in (0.1, 1, 10):
        facts = {"run": forward, "text": "love i", "temperature": temperature, "seed": 1}
        last = parts(session_cache, "language.generate", **facts)[-1]
        assert len(last["words"]) == 7
        assert parts(session_cache, "language.generate", **facts)[-1] == last


def test_a_reversed_model_puts_words_in_front(session_cache: SessionCache, back: str) -> None:
    *drawn, last = parts(
        session_cache,
        "language.generate",
        run=back,
        text="the beach",
        temperature=0,
        until_end=True,
        length=12,
    )
    assert last["words"][-2:] == ["the", "beach"]
    assert last["words"][:-2][::-1] == [part["word"] for part in drawn if part["kind"] == "word"]
    assert drawn[0]["side"] == "left"


def test_a_stream_can_be_closed_between_two_words(session_cache: SessionCache, forward: str) -> None:
    stream = methods.call(session_cache, "language.generate", {"run": forward, "text": "i", "length": 10_000})
    assert isinstance(stream, Iterator)
    assert next(stream).word
    stream.close()  # type: ignore[attr-defined]
    assert request(session_cache, "language.predict", run=forward, text="i")["candidates"]


def test_a_beam_is_a_tree_that_can_be_drawn(session_cache: SessionCache, forward: str) -> None:
    response = request(
        session_cache, "language.beam", run=forward, text="i", width=3, length=6, until_end=True
    )
    nodes = response["nodes"]
    assert [node["id"] for node in nodes] == list(range(len(nodes)))
    assert all(node["parent"] < node["id"] and node["depth"] >= 1 for node in nodes)
    for sentence in response["sentences"]:
        node = nodes[sentence["node"]]
        assert node["kept"]
        assert sentence["logp"] == node["logp"]
        assert sentence["words"][0] == "i"
    assert response["sentences"][0]["words"] == ["i", "love", "cupcakes"]


def test_a_sentence_is_scored_word_by_word(session_cache: SessionCache, forward: str) -> None:
    [sentence] = request(session_cache, "language.score", run=forward, texts=["I love cupcakes."])[
        "sentences"
    ]
    assert [word["word"] for word in sentence["words"]] == ["i", "love", "cupcakes", "<EOS>"]
    assert sentence["logp"] == pytest.approx(sum(math.log(word["p"]) for word in sentence["words"]))
    assert sentence["perplexity"] == pytest.approx(math.exp(-sentence["logp"] / 4))
    assert sentence["words"][1]["rank"] == 1
    assert sentence["unknown"] == 0


def test_an_unknown_word_is_marked_counted_and_not_scored(session_cache: SessionCache, forward: str) -> None:
    response = request(
        session_cache, "language.score", run=forward, texts=["i frost cupcakes", "i love cupcakes"]
    )
    sentence = response["sentences"][0]
    assert sentence["words"][1] == {
        "word": "frost",
        "p": None,
        "surprisal": None,
        "rank": None,
        "known": False,
    }
    assert sentence["unknown"] == response["total"]["unknown"] == 1
    assert sentence["counted"]["logp"] < sentence["logp"]
    assert sentence["perplexity"] == pytest.approx(math.exp(-sentence["logp"] / 3))


def test_a_sentence_of_unknown_words_has_only_an_end_to_be_scored(
    session_cache: SessionCache, forward: str
) -> None:
    [sentence] = request(session_cache, "language.score", run=forward, texts=["xyzzy plugh"])["sentences"]
    assert [word["known"] for word in sentence["words"]] == [False, False, True]


def test_a_file_is_scored_as_its_lines_are(session_cache: SessionCache, forward: str, tmp_path: Path) -> None:
    lines = [
        b"i love cupcakes",
        b"",
        b"\x1b \x07",
        b"a \xff\xfe cat",
        b"...",
        b"the cat sat on the mat",
    ] * 100
    path = tmp_path / "many.txt"
    path.write_bytes(b"\n".join(lines))
    *streamed, last = parts(session_cache, "language.score_file", run=forward, path=str(path))
    rows = [row for part in streamed for row in part["sentences"]]
    skipped = [row for part in streamed for row in part["skipped"]]
    assert (len(rows), len(skipped), last["lines"], last["skipped"]) == (200, 300, 600, 300)
    assert [row["line"] for row in rows[:3]] == [1, 6, 7]
    assert [row["line"] for row in skipped[:3]] == [3, 4, 5]
    assert skipped[1]["error"] == "Byte 3 is not UTF-8."
    texts = ["i love cupcakes", "the cat sat on the mat"] * 100
    total = request(session_cache, "language.score", run=forward, texts=texts)["total"]
    assert last["total"] == pytest.approx(total)
    assert streamed[-1]["bytes"] == streamed[-1]["size"] == path.stat().st_size


TWO = "i love cupcakes\nthe cat sat on the mat"


@pytest.mark.parametrize(
    "data",
    [
        TWO.encode(),
        (TWO + "\n").encode("utf-8-sig"),
        TWO.replace("\n", "\r").encode(),
        TWO.replace("\n", "\r\n\r\n").encode(),
        TWO.encode("utf-16"),
        codecs.BOM_UTF16_BE + TWO.encode("utf-16-be"),
        TWO.encode("utf-16-le"),
        TWO.replace("love", "lo\u200bve").replace("cat", "c\u00ada\ufeffT").encode(),
        TWO.replace(" sat ", "\u2028sat\x07").encode(),
    ],
    ids=["plain", "mark", "returns", "empty lines", "utf-16", "big", "no mark", "invisible", "parted"],
)
def test_a_file_is_decoded_as_a_corpus_is(
    session_cache: SessionCache, forward: str, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "two.txt"
    path.write_bytes(data)
    *streamed, last = parts(session_cache, "language.score_file", run=forward, path=str(path))
    total = request(session_cache, "language.score", run=forward, texts=TWO.split("\n"))["total"]
    assert last["total"] == pytest.approx(total) and last["skipped"] == 0
    if b"\xad" not in data:
        [first, _] = streamed[0]["sentences"]
        assert first["text"] == "i love cupcakes"


def test_a_file_of_one_giant_line_is_passed_over_in_bounded_memory(
    session_cache: SessionCache, forward: str, tmp_path: Path
) -> None:
    path = tmp_path / "giant.txt"
    path.write_bytes(b"cat " * 1_000_000 + b"\ni love cupcakes")
    *streamed, last = parts(session_cache, "language.score_file", run=forward, path=str(path))
    assert last["total"]["sentences"] == 1
    assert "at most 20,000" in streamed[0]["skipped"][0]["error"]


@pytest.mark.parametrize("name", ["missing.txt", "empty.txt", "pipe", "."])
def test_a_path_that_is_not_a_file_is_refused(
    session_cache: SessionCache, forward: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "empty.txt").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DltuiError, match=r"is not a file|is empty"):
        parts(session_cache, "language.score_file", run=forward, path=str(tmp_path / name))


def test_a_sentence_is_extended_both_ways_with_the_partner_of_the_same_vocabulary(
    session_cache: SessionCache, places: Places, forward: str, back: str
) -> None:
    write_run(places, direction="reversed", words=["more"])
    last = parts(session_cache, "language.both", text="riding", seed=1, until_end=True, length=20)[-1]
    assert (last["forward"], last["reverse"]) == (forward, back)
    assert "riding" in last["words"]
    assert last["direction"] == "both"


def test_a_blank_is_filled(session_cache: SessionCache, forward: str, back: str) -> None:
    response = request(session_cache, "language.blank", text="i ___ cupcakes", reverse=back)
    assert response["forward"] == forward
    assert response["fillings"][0]["word"] == "love"
    assert response["fillings"][0]["text"] == "i love cupcakes"
    assert sum(filling["p"] for filling in response["fillings"]) <= 1 + 1e-9


def test_a_pair_of_different_vocabularies_is_refused(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    with pytest.raises(DltuiError, match="No reversed model shares the vocabulary") as caught:
        request(session_cache, "language.blank", text="i ___ cupcakes")
    assert "--set direction=reversed --set corpus=captions --set vocabulary=" in caught.value.remedy
    stranger = write_run(places, direction="reversed", words=["more"])
    with pytest.raises(DltuiError, match="do not share a vocabulary"):
        request(session_cache, "language.blank", text="i ___ cupcakes", forward=forward, reverse=stranger)


def test_orders_are_ranked(session_cache: SessionCache, forward: str) -> None:
    response = request(session_cache, "language.orders", run=forward, text="cupcakes love i", k=2)
    assert response["orders"][0]["text"] == "i love cupcakes"
    assert (response["possible"], response["complete"], len(response["orders"])) == (6, True, 2)
    typed = response["typed"]
    assert (typed["text"], typed["rank"], typed["given"]) == ("cupcakes love i", None, True)
    every = request(session_cache, "language.orders", run=forward, text="cupcakes love i", k=6)
    [same] = [order for order in every["orders"] if order["given"]]
    assert every["typed"] is None and same["logp"] == pytest.approx(typed["logp"])
    with pytest.raises(DltuiError, match="does not know 'frost'"):
        request(session_cache, "language.orders", run=forward, text="frost cupcakes")


def test_the_error_for_a_missing_layer_counts_from_1(session_cache: SessionCache, forward: str) -> None:
    with pytest.raises(DltuiError, match=r"The model has 1 layer: there is no layer 2\."):
        request(session_cache, "language.gates", run=forward, text="i love", layer=1)


def test_gates_have_a_value_for_each_word(session_cache: SessionCache, forward: str, back: str) -> None:
    response = request(session_cache, "language.gates", run=forward, text="i love cupcakes")
    assert response["words"] == ["<START>", "i", "love", "cupcakes"]
    assert response["unit"] == response["liveliest"][0]
    assert {len(response[name]) for name in "ifgoch"} == {4}
    assert request(session_cache, "language.gates", run=back, text="i love", layer=1, unit=3)["words"] == [
        "<START>",
        "love",
        "i",
    ]


def test_attention_is_a_triangle_of_shares_for_each_head(session_cache: SessionCache, places: Places) -> None:
    run = write_run(places, model=transformer(layers=3, direction="reversed"))
    response = request(session_cache, "language.attention", run=run, text="i love cupcakes")
    assert response["words"] == ["<START>", "cupcakes", "love", "i"]
    heads = np.array(response["attention"])
    assert heads.shape == (3, 2, 4, 4)
    np.testing.assert_allclose(heads.sum(axis=-1), 1, atol=1e-6)
    assert not np.triu(heads, 1).any()
    rows = heads[2, 1]
    by_hand = [-sum(p * math.log2(p) for p in row if p > 0) for row in rows]
    assert response["entropies"][2][1] == pytest.approx(sum(by_hand) / 4, rel=1e-5)


def test_the_words_behind_the_last_block_are_those_that_the_model_predicts(
    session_cache: SessionCache, places: Places
) -> None:
    run = write_run(places, model=transformer())
    response = request(session_cache, "language.blocks", run=run, text="i love", k=2)
    assert [len(row) for row in response["best"]] == [3] * 3
    predicted = request(session_cache, "language.predict", run=run, text="i love", k=2)["candidates"]
    last = response["best"][-1][-1]
    assert [one["word"] for one in last] == [one["word"] for one in predicted]
    assert [one["p"] for one in last] == pytest.approx([one["p"] for one in predicted], rel=1e-4)
    assert np.array(response["norms"]).shape == (3, 3)


def test_a_look_into_the_wrong_kind_of_model_says_which_look_fits(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    run = write_run(places, model=transformer())
    with pytest.raises(DltuiError, match="it has no gates") as caught:
        request(session_cache, "language.gates", run=run, text="i love")
    assert "/attention" in caught.value.remedy
    for method in ("language.attention", "language.blocks"):
        with pytest.raises(DltuiError, match="it has no attention") as caught:
            request(session_cache, method, run=forward, text="i love")
        assert "/gates" in caught.value.remedy
        with pytest.raises(DltuiError, match="at most 64 words, got 65"):
            request(session_cache, method, run=run, text="love " * 65)


def test_models_are_compared_on_one_text(
    session_cache: SessionCache, places: Places, forward: str, back: str
) -> None:
    small = write_run(places, sentences=("the dog ran",), corpus="other")
    response = request(
        session_cache, "language.compare", runs=[forward, back, small], text="i love cupcakes", k=4
    )
    assert [found["run"] for found in response["models"]] == [forward, back, small]
    assert [found["sentence"]["unknown"] for found in response["models"]] == [0, 0, 3]
    assert all(len(found["candidates"]) == 4 for found in response["models"])
