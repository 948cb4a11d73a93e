"""The filter language of the run table, parsed: words to be found, comparisons, and, or, not, parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.errors import InputError
from engine.filter_fields import CONNECTIVES, OPERATORS

LENGTH_LIMIT = 1000
DEPTH_LIMIT = 24


class FilterError(InputError):
    """A filter or a sort field does not parse."""


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Text to be found in the id, the name, the experiment or the status."""

    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    sign: str
    """one of = != < <= > >="""
    value: float | str
    """a number where it looks like one"""
    position: int = 0
    """of the value, counted from 1"""
    typed: str = ""
    """the value as it was typed: what a text is compared with"""


@dataclass(frozen=True, slots=True)
class Not:
    part: Clause


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Clause, ...]


Clause = SearchTerm | Comparison | Not | And | Or


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def shown(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text[:40])


_TOKEN = re.compile(
    rf"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign>{"|".join(OPERATORS)})|(?P<open>\()|(?P<close>\))
    |(?P<bad>["'!])|(?P<word>[^\s()<>=!"']+))""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FIELD = re.compile(r"[A-Za-z_@][A-Za-z0-9_./@-]*")


def parse(text: str) -> Clause | None:
    """None for an empty filter. Raises FilterError naming position, expected and got."""
    if len(text) > LENGTH_LIMIT:
        raise FilterError(f"The filter has {len(text)} characters, expected {LENGTH_LIMIT} at most.")
    tokens = _tokens(text)
    if tokens[0].kind == "end":
        return None
    parser = _Parser(tokens)
    clause = parser.either(0)
    if parser.next.kind != "end":
        raise _syntax_error(parser.next, "and, or, or the end")
    return clause


def fields_of(clause: Clause | None) -> list[str]:
    """The names of all fields that are compared, in order."""
    match clause:
        case Comparison():
            return [clause.field]
        case Not(part):
            return fields_of(part)
        case And(parts) | Or(parts):
            return [name for part in parts for name in fields_of(part)]
    return []


def check_field(name: str) -> str:
    """`name`, when it can be a field. Raises FilterError."""
    if len(name) > 80 or not _FIELD.fullmatch(name):
        raise FilterError(f"Expected the name of a field (letters, digits, _ . / -), got {name[:80]!r}.")
    return name


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while match := _TOKEN.match(text, at):
        kind = match.lastgroup or ""
        token = _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "bad":
            raise _syntax_error(token, "a closing quote" if token.text != "!" else "!=")
        found.append(token)
        at = match.end()
    return [*found, _Token("end", "", len(text.rstrip()) + 1)]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def either(self, depth: int) -> Clause:
        parts = [self._both(depth)]
        while self._skip("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _both(self, depth: int) -> Clause:
        parts = [self._single(depth)]
        while self._skip("and") or self._begins():
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _single(self, depth: int) -> Clause:
        if depth > DEPTH_LIMIT:
            raise FilterError(f"The filter is nested deeper than {DEPTH_LIMIT}.")
        if self._skip("not"):
            return Not(self._single(depth + 1))
        token = self._take()
        if token.kind == "open":
            inner = self.either(depth + 1)
            if self.next.kind != "close":
                raise _syntax_error(self.next, "a closing parenthesis")
            self._take()
            return inner
        if token.kind not in ("word", "quoted") or self._is_joint(token):
            raise _syntax_error(token, "a word or a comparison such as val_loss<0.1")
        return self._comparison(token) if self.next.kind == "sign" else SearchTerm(_unquoted(token))

    def _comparison(self, field: _Token) -> Clause:
        if field.kind != "word" or not _FIELD.fullmatch(field.text):
            raise _syntax_error(field, "the name of a field")
        sign, value = self._take(), self._take()
        if value.kind not in ("word", "quoted") or (value.kind == "word" and self._is_joint(value)):
            raise _syntax_error(value, f"a value after {field.text}{sign.text}")
        is_number = value.kind == "word" and _NUMBER.fullmatch(value.text)
        typed = _unquoted(value)
        meant: float | str = float(typed) if is_number else typed
        return Comparison(field.text, {"==": "="}.get(sign.text, sign.text), meant, value.position, typed)

    def _begins(self) -> bool:
        """Whether another part follows without a word between."""
        token = self.next
        if token.kind == "word":
            return token.text.lower() not in ("and", "or")
        return token.kind in ("quoted", "open")

    def _is_joint(self, token: _Token) -> bool:
        return token.kind == "word" and token.text.lower() in CONNECTIVES

    def _skip(self, joint: str) -> bool:
        if self.next.kind == "word" and self.next.text.lower() == joint:
            self._at += 1
            return True
        return False

    def _take(self) -> _Token:
        token = self.next
        if token.kind != "end":
            self._at += 1
        return token


def _unquoted(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _syntax_error(token: _Token, expected: str) -> FilterError:
    return FilterError(f"Filter, position {token.position}: expected {expected}, got {token.shown}.")
