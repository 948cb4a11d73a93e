"""Sentences sampled after each epoch."""

from __future__ import annotations

from tui.language.samples import sample_rows, samples_of
from tui.ui.span import row_text

NOTES = [
    "torch, bf16: a recipe.",
    "After epoch 1, at 0.1: a; at 1: b ; at 10: c",
    "After epoch 2, at 0.1: ; at 1: it is at 9; at 10: \x1b[2Jz",
]


def test_the_newest_epoch_comes_first_and_other_notes_are_left_out() -> None:
    found = samples_of(NOTES)
    assert [sample.epoch for sample in found] == [2, 1]
    assert found[0].sentences[1] == ("1", "it is at 9")


def test_control_characters_are_removed_and_an_empty_sentence_is_marked() -> None:
    text = "\n".join(row_text(row) for row in sample_rows(samples_of(NOTES), 60, 20))
    assert "\x1b" not in text and "(nothing)" in text and "epoch 1" in text


def test_only_whole_epochs_are_shown() -> None:
    assert len(sample_rows(samples_of(NOTES), 60, 4)) == 3
