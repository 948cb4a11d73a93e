"""Texts without spaces between their words are known as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.text import load_corpus
from engine.data.text.tokeniser import is_unspaced
from engine.places import Places

CHINESE = "一个男人骑着马在海滩上奔跑"
JAPANESE = "砂浜で馬に乗っている男性がいます"
THAI = "ผู้ชายขี่ม้าบนชายหาด"


@pytest.mark.parametrize("sample", [CHINESE, f"{CHINESE}\n{CHINESE} 2024", JAPANESE, THAI])
def test_without_spaces(sample: str) -> None:
    assert is_unspaced(sample)


@pytest.mark.parametrize(
    "sample",
    [
        "a man rides a horse on the beach",
        "한 남자가 해변에서 말을 타고 있다",
        "мужчина едет на лошади",
        "一个 男人 骑着 马 在 海滩 上 奔跑",
        f"the sign says {CHINESE[:4]} and nothing else, as far as anybody can tell",
        "",
    ],
)
def test_with_spaces(sample: str) -> None:
    assert not is_unspaced(sample)


def test_it_is_said_before_anything_is_trained_on_it(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "chinese.txt"
    path.write_text("".join(f"{CHINESE}{number}\n" for number in range(20)), "utf-8")
    for _ in range(2):  # also from the cache
        made = load_corpus.load(places, str(path), 100, "plain", lambda line: None)
        assert "written without spaces" in made.notice


def test_an_unknown_word_of_the_corpus_is_the_models_own(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "marked.txt"
    path.write_text("".join(f"a <unk> cat number {number}\n" for number in range(20)), "utf-8")
    made = load_corpus.load(places, str(path), 100, "plain", lambda line: None)
    assert "unk" not in made.vocabulary.words and made.notice == ""
    assert made.train.ids[1] == 2
    assert made.facts["train_unknown"] == pytest.approx(1 / 5)
