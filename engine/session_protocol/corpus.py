"""`corpus.*`: the text corpora, and a summary of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.session_protocol.request import Request


@dataclass(frozen=True, slots=True)
class CorpusRow:
    name: str
    about: str
    licence: str
    found: str
    """path; empty: nowhere"""
    origin: str
    """DLTUI_DATA, cache, download, embedded; empty: nowhere to be had"""


@dataclass(frozen=True, slots=True)
class ListedCorpora:
    corpora: Sequence[CorpusRow]


@dataclass(frozen=True, slots=True)
class CorpusListRequest(Request[ListedCorpora]):
    METHOD = "corpus.list"


@dataclass(frozen=True, slots=True)
class CorpusSummary(CorpusRow):
    notice: str
    facts: Mapping[str, Any]
    """counts, as a run of `lm` prints them"""
    lengths: Sequence[tuple[int, int]]
    """words and sentences, rising"""
    commonest: Sequence[tuple[str, int]]
    """words and how often they occur, falling, without the reserved ones"""
    ranks: Sequence[tuple[int, int]]
    """how often the words of ranks 1, 2, 4, 8 and so on occur"""
    remarks: Sequence[str]
    """notes made while it was read"""


@dataclass(frozen=True, slots=True)
class CorpusSummaryRequest(Request[CorpusSummary]):
    METHOD = "corpus.tell"

    corpus: str
    vocabulary: int = 10_000
    tokeniser: str = "plain"
