"""The pane of checkpoints."""

from __future__ import annotations

import pytest

from engine.protocol import CheckpointFacts
from tui.runs.checkpoints_sheet import CheckpointsSheet
from tui.ui.span import row_text, row_width

ANSWERS = "best epoch's weights (epoch 12, step 12,960)"


@pytest.mark.parametrize("width", [48, 62, 80])
def test_which_weights_answer_is_written_whole(width: int) -> None:
    sheet = CheckpointsSheet()
    sheet._found = (CheckpointFacts(12_960, "", "1fa95d1f9c4f" * 5, 111_200, answers=ANSWERS),)
    rows = sheet.rows(width)
    assert any(ANSWERS in row_text(row) for row in rows)
    assert all(row_width(row) <= width for row in rows)
