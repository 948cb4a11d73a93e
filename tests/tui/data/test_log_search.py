"""Lines of a log that match: found whatever parts it comes in, errors told from the words of metrics."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from engine.protocol import LogPart
from engine.text_pattern import PatternError
from tui.data import log_search
from tui.data.log_search import ERROR_LINES, LogMatches, is_error, pattern_of


@pytest.mark.parametrize(
    "line",
    [
        "ValueError: expected 3 columns",
        "  raise torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB",
        "KeyboardInterrupt",
        "2026-11-30 21:06:47,123 ERROR root: no such file",
        "[rank0]: RuntimeError: NCCL error in: ProcessGroup",
        "error: unrecognized arguments: --lr",
        "fatal: not a git repository",
        "Segmentation fault (core dumped)",
        "train.sh: line 3: 1234 Killed",
        "OSError: [Errno 28] No space left on device",
    ],
)
def test_a_line_that_tells_an_error(line: str) -> None:
    assert is_error(line)


@pytest.mark.parametrize(
    "line",
    [
        "step 100 error 0.25 val_error 0.31",
        "error: 0.25",
        "val_error=0.1",
        "mean squared error of the last epoch",
        "MeanSquaredError: 0.02",
        "Error rate 12 %",
        "except ValueError = None",
        "loss nan error: nan",
        "Traceback (most recent call last):",
    ],
)
def test_the_words_of_metrics_are_no_errors(line: str) -> None:
    assert not is_error(line)


@pytest.mark.parametrize("text", ["(", "[a", "a{2,1}", "(?P<x"])
def test_what_is_no_regular_expression_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PatternError) as refused:
        pattern_of(text)
    assert "\n" not in str(refused.value)


def test_repetitions_within_repetitions_take_time_in_proportion_to_the_line() -> None:
    matches = pattern_of("(a+)+b").matches
    assert not matches("a" * 4_000) and matches("a" * 50 + "b")


def test_capitals_make_no_difference() -> None:
    assert pattern_of("LOSS=nan").matches("loss=NaN at 5")


DATA = "".join(f"é line {number}{' hit' if number % 7 == 0 else ''}\n" for number in range(300)).encode()
HITS = [DATA.index(f"é line {number} hit".encode()) for number in range(0, 300, 7)]


def searched(cuts: list[int]) -> LogMatches:
    """As a reader does: each request begins where the search came to."""
    found = LogMatches(pattern_of("hit$"))
    found.begin(len(DATA))
    for start, end in pairwise(cuts):
        assert found.scanned <= start
        text = DATA[found.scanned : end].decode(errors="ignore")
        begins = found.scanned
        found.add(LogPart(text, begins, begins + len(text.encode()), len(DATA)), is_last=end == len(DATA))
    return found


def test_every_match_is_found_at_its_offset_however_the_log_is_cut() -> None:
    chance = random.Random(1)
    for _ in range(30):
        cuts = sorted({0, len(DATA)} | {chance.randrange(len(DATA)) for _ in range(6)})
        assert searched(cuts).offsets.tolist() == HITS


def test_the_next_the_one_before_and_the_number_of_a_match() -> None:
    found = searched([0, len(DATA)])
    assert found.after(-1) == HITS[0] and found.after(HITS[0]) == HITS[1] and found.after(HITS[-1]) is None
    assert found.before(HITS[1]) == HITS[0] and found.before(HITS[0]) is None
    assert found.place_of(HITS[4]) == 5 and found.place_of(HITS[4] + 1) is None


def test_of_a_huge_log_the_end_is_searched() -> None:
    found = LogMatches(ERROR_LINES)
    found.begin(1 << 30)
    assert found.begins == (1 << 30) - log_search.SCAN_LIMIT


def test_a_line_without_end_does_not_stop_the_search() -> None:
    found = LogMatches(pattern_of("x"))
    found.begin(9_000)
    found.add(LogPart("x" * 5_000, 0, 5_000, 9_000), is_last=False)
    assert found.scanned == 5_000 and len(found) == 1


def test_more_matches_than_are_kept_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "MATCHES_LIMIT", 3)
    found = searched([0, len(DATA)])
    assert len(found) == 3 and found.is_cut


@pytest.mark.parametrize(
    "text",
    [
        "hit$",
        "^é line 7 ",
        r"line \d hit",
        "line 1. ",
        "[^x]hit",
        r"\Aé line 9",
        "(?=é)",
        "é.*hit",
        "hit|line 3$",
    ],
)
def test_a_part_without_a_match_is_passed_over_and_none_is_missed(text: str) -> None:
    pattern = pattern_of(text)
    expected = [line for line in DATA.decode().split("\n")[:-1] if pattern.matches(line)]
    found = LogMatches(pattern)
    found.begin(len(DATA))
    found.add(LogPart(DATA.decode(), 0, len(DATA), len(DATA)), is_last=True)
    assert len(found) == len(expected) > 0
    if pattern.may_match is not None:
        assert all(pattern.may_match(line) for line in expected)


def test_the_line_after_an_error_does_not_make_it_a_metric() -> None:
    text = "ValueError\n0.25 is the loss\n"
    found = LogMatches(ERROR_LINES)
    found.begin(len(text))
    found.add(LogPart(text, 0, len(text), len(text)), is_last=True)
    assert found.offsets.tolist() == [0]
