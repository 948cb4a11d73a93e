"""How the usage of a verb is written."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand


class Verb(TyperCommand):
    """Its arguments stand as manuals write them: RUN, [FILTER], RUN..."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [_as_in_manuals(piece) for piece in super().collect_usage_pieces(ctx)]


def _as_in_manuals(piece: str) -> str:
    if " " in piece:  # several arguments in one, written out
        return piece.strip("{}.")
    bare = re.sub(r"^\{(.*)\}", r"\1", piece).replace("[[", "[").replace("]]", "]")
    return re.sub(r"(\.\.\.)+(\]?)(\.\.\.)*$", r"\2...", bare)
