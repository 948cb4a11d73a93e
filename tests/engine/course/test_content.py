"""The course that is shipped: without a problem, of our own words, and teaching what the guidebook does."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.course.check import check, covered_entries, taught
from engine.course.deck import Deck, read_deck
from engine.course.deck_files import CONTENT
from engine.course.items import ChoiceItem

HERE = Path(__file__).parent
RUN = 8
"""words in a row that no text of ours shares with the guidebook"""
HASH_BYTES = 6


@pytest.fixture(scope="module")
def deck() -> Deck:
    return read_deck()


@pytest.fixture(scope="module")
def ledger() -> dict[str, Any]:
    return tomllib.loads((HERE / "ledger.toml").read_text())


def test_the_course_has_no_problem(deck: Deck) -> None:
    assert [str(problem) for problem in check(deck).problems] == []


def test_the_course_asks_for_every_entry_of_the_ledger(deck: Deck, ledger: dict[str, Any]) -> None:
    assert sorted(deck.entries) == sorted(entry["id"] for entry in ledger["entry"])


def test_the_course_is_whole(deck: Deck) -> None:
    assert len(deck.lectures) == 9
    assert len(deck.items) >= 136 and len(deck.terms) >= 74
    assert sum(item.kind == "essay" for item in deck.items.values()) >= 19
    assert set(deck.entries) - set(covered_entries(deck)) == set()


def test_every_entry_of_a_lecture_that_is_there_is_covered(deck: Deck, ledger: dict[str, Any]) -> None:
    covered = covered_entries(deck)
    wanted = [entry["id"] for entry in ledger["entry"] if _is_there(deck, entry["lecture"])]
    assert [entry for entry in wanted if entry not in covered] == []


def test_an_entry_that_was_wrong_is_covered_by_content_that_corrects_it(
    deck: Deck, ledger: dict[str, Any]
) -> None:
    covered = covered_entries(deck)
    found = [
        f"{entry['id']}: {correction}"
        for entry in ledger["entry"]
        if _is_there(deck, entry["lecture"])
        for correction in entry.get("corrections", ())
        if correction not in covered.get(entry["id"], ())
    ]
    assert found == []


def test_every_correction_has_a_choice_with_the_old_claim_among_its_wrong_answers(
    deck: Deck, ledger: dict[str, Any]
) -> None:
    lectures: dict[str, int] = {}
    for entry in ledger["entry"]:
        for correction in entry.get("corrections", ()):
            lectures[correction] = max(entry["lecture"], lectures.get(correction, 1))
    asked = {name for item in deck.items.values() if isinstance(item, ChoiceItem) for name in item.corrects}
    wanted = {name for name, lecture in lectures.items() if _is_there(deck, lecture)} - {"E1", "E2", "N4"}
    assert wanted - asked == set()


def test_corrections_and_gaps_are_those_of_the_ledger(deck: Deck, ledger: dict[str, Any]) -> None:
    known = {one["id"] for one in ledger["correction"]}
    assert {name for _, content in taught(deck) for name in content.corrects} <= known
    gaps = {gap["what"]: gap["lecture"] for gap in ledger["gap"]}
    sections = {
        section.gap: lecture.id
        for lecture in deck.lectures.values()
        for section in lecture.sections
        if section.gap
    }
    terms = {term.gap for term in deck.terms.values() if term.gap}
    wanted = {what for what, lecture in gaps.items() if _is_there(deck, lecture)}
    assert set(sections) <= set(gaps) and terms <= set(gaps)
    assert wanted - set(sections) == set()
    assert wanted - terms == set()


def test_every_aid_is_that_of_the_ledger(ledger: dict[str, Any]) -> None:
    from engine.aids.catalog import AIDS

    known = {aid["name"]: (aid["lecture"], aid["title"]) for aid in ledger["aid"]}
    assert {entry.name: (entry.lecture, entry.title) for entry in AIDS} == known


def test_videos_are_those_of_the_ledger(deck: Deck, ledger: dict[str, Any]) -> None:
    known = {video["id"]: (video["title"], video.get("seconds", 0)) for video in ledger["video"]}
    assert {video.id: (video.title, video.seconds) for video in deck.videos.values()} == known
    lectures = {f"l{one['number']:02}": tuple(one["videos"]) for one in ledger["lecture"]}
    assert all(lecture.videos == lectures[name] for name, lecture in deck.lectures.items())


def test_right_choices_are_not_always_the_longest(deck: Deck) -> None:
    choices = [item.choices for item in deck.items.values() if isinstance(item, ChoiceItem)]
    longest = [max(one, key=lambda option: len(option.text)).right for one in choices]
    assert sum(longest) <= len(longest) / 2


def test_no_eight_words_in_a_row_are_those_of_the_guidebook() -> None:
    data = (HERE / "guidebook_sequences.bin").read_bytes()
    known = {data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)}
    assert len(known) > 4000
    shared = Counter[str]()
    for path in sorted(CONTENT.rglob("*.*")):
        words = re.findall(r"[a-z0-9]+", path.read_text().lower())
        for at in range(len(words) - RUN + 1):
            run = " ".join(words[at : at + RUN])
            if hashlib.sha256(run.encode()).digest()[:HASH_BYTES] in known:
                shared[f"{path.name}: {run}"] += 1
    assert dict(shared) == {}


def _is_there(deck: Deck, lecture: int) -> bool:
    return lecture > 0 and f"l{lecture:02}" in deck.lectures
