"""Parser of the filter language: search terms, comparisons, and, or, not, parentheses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.errors import InputError
from engine.filter_fields import ALIASES, CONNECTIVES, MATCHES, MATCHES_NOT, OPERATORS, UNITS
from engine.text_pattern import PatternError, TextPattern

LENGTH_LIMIT = 1000
DEPTH_LIMIT = 24


class FilterError(InputError):
    """A filter or a sort field is not valid."""


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """Text that is searched in the id, the name, the experiment and the status."""

    text: str


@dataclass(frozen=True, slots=True)
class Comparison:
    field: str
    sign: str
    """one of = != < <= > >= ~ !~"""
    value: float | str
    """a float where the text is a number"""
    position: int = 0
    """position of the value in the filter, from 1"""
    typed: str = ""
    """the text of the value, for text fields; a regular expression behind ~ and !~"""

    @property
    def is_pattern(self) -> bool:
        return self.sign in (MATCHES, MATCHES_NOT)


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
    def description(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text[:40])


_TOKEN = re.compile(
    rf"""\s*(?:(?P<quoted>"[^"]*"|'[^']*')|(?P<sign>{"|".join(OPERATORS)})|(?P<open>\()|(?P<close>\))
    |(?P<bad>["'!])|(?P<word>[^\s()<>=!~"']+))""",
    re.VERBOSE,
)
_PATTERN = re.compile(r"\s*/(?P<pattern>(?:[^/\\]|\\.)*)/")
_WORD_PATTERN = re.compile(r"\s*(?P<pattern>(?!and\b|or\b|not\b)[^\s()\"'/][^\s()\"']*)")
_TAG = re.compile(r"tags?:(?P<tag>.+)", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FIELD = re.compile(r"[A-Za-z_@][A-Za-z0-9_./@-]*")


def parse(text: str) -> Clause | None:
    """Parse a filter; None for an empty one. Raises FilterError with position, expected and got."""
    if len(text) > LENGTH_LIMIT:
        raise FilterError(f"The filter has {len(text)} characters, expected {LENGTH_LIMIT} at most.")
    tokens = _tokens(text)
    if tokens[0].kind == "end":
        return None
    parser = _Parser(tokens)
    clause = parser.parse_or(0)
    if parser.next.kind != "end":
        raise _syntax_error(parser.next, "and, or, or the end")
    return clause


def fields_of(clause: Clause | None) -> list[str]:
    """The names of all compared fields, in order."""
    match clause:
        case Comparison():
            return [clause.field]
        case Not(part):
            return fields_of(part)
        case And(parts) | Or(parts):
            return [name for part in parts for name in fields_of(part)]
    return []


def check_field(name: str) -> str:
    """`name`. Raises FilterError where it cannot be the name of a field."""
    if len(name) > 80 or not _FIELD.fullmatch(name):
        raise FilterError(f"Expected the name of a field (letters, digits, _ . / -), got {name[:80]!r}.")
    return name


_AGE = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)[smhdw]")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds_of(comparison: Comparison) -> float:
    """The seconds of an age such as 90s, 10m, 1d12h. Raises FilterError."""
    text = comparison.typed.lower()
    if not re.fullmatch(f"(?:{_AGE.pattern})+", text):
        raise FilterError(
            f"Filter, position {comparison.position}: expected an age such as 90s, 10m, 3h, 2d or 1w, "
            f"got {comparison.typed[:40]!r}."
        )
    return sum(float(part[:-1]) * _SECONDS[part[-1]] for part in _AGE.findall(text))


_SIZE = re.compile(r"(?P<number>\d+(?:\.\d*)?|\.\d+)(?P<unit>[kmgt]?)i?b?", re.IGNORECASE)
_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
"""as sizes are shown"""


def _in_unit(comparison: Comparison) -> Comparison:
    """With the number of a text such as 2GB or 5m, where the field has that unit. Raises FilterError."""
    unit = UNITS.get(comparison.field, "")
    if not isinstance(comparison.value, str) or unit not in ("bytes", "seconds"):
        return comparison
    return replace(comparison, value=_bytes_of(comparison) if unit == "bytes" else seconds_of(comparison))


def _bytes_of(comparison: Comparison) -> float:
    """The bytes of a size such as 500MB or 2GB. Raises FilterError."""
    found = _SIZE.fullmatch(comparison.typed)
    if found is None:
        raise FilterError(
            f"Filter, position {comparison.position}: expected a size such as 500MB or 2GB, "
            f"got {comparison.typed[:40]!r}."
        )
    return float(found["number"]) * _BYTES[found["unit"].lower()]


def number_expected(comparison: Comparison) -> FilterError:
    """The error for a text where a number is compared."""
    return FilterError(
        f"Filter, position {comparison.position}: expected a number after "
        f"{comparison.field}{comparison.sign}, got {str(comparison.value)[:40]!r}."
    )


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while match := _pattern_match(text, at, found) or _TOKEN.match(text, at):
        kind = match.lastgroup or ""
        token = _Token(kind, match[kind], match.start(kind) + 1)
        if kind == "bad":
            raise _syntax_error(token, "a closing quote" if token.text != "!" else "!=")
        found.append(token)
        at = match.end()
    return [*found, _Token("end", "", len(text.rstrip()) + 1)]


def _pattern_match(text: str, at: int, before: list[_Token]) -> re.Match[str] | None:
    """Behind ~ a regular expression between slashes, or a word of any signs but blanks and parentheses."""
    if not before or before[-1].text not in (MATCHES, MATCHES_NOT):
        return None
    return _PATTERN.match(text, at) or _WORD_PATTERN.match(text, at)


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def parse_or(self, depth: int) -> Clause:
        parts = [self._parse_and(depth)]
        while self._accept("or"):
            parts.append(self._parse_and(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _parse_and(self, depth: int) -> Clause:
        parts = [self._parse_term(depth)]
        while self._accept("and") or self._starts_term():
            parts.append(self._parse_term(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _parse_term(self, depth: int) -> Clause:
        if depth > DEPTH_LIMIT:
            raise FilterError(f"The filter is nested deeper than {DEPTH_LIMIT}.")
        if self._accept("not"):
            return Not(self._parse_term(depth + 1))
        token = self._advance()
        if token.kind == "open":
            inner = self.parse_or(depth + 1)
            if self.next.kind != "close":
                raise _syntax_error(self.next, "a closing parenthesis")
            self._advance()
            return inner
        if token.kind not in ("word", "quoted") or self._is_connective(token):
            raise _syntax_error(token, "a word or a comparison such as val_loss<0.1")
        if self.next.kind == "sign":
            return self._parse_comparison(token)
        if token.kind == "word" and (tag := _TAG.fullmatch(token.text)):
            return Comparison(ALIASES["tag"], "=", tag["tag"], token.position, tag["tag"])
        return SearchTerm(_unquoted(token))

    def _parse_comparison(self, field: _Token) -> Clause:
        if field.kind != "word" or not _FIELD.fullmatch(field.text):
            raise _syntax_error(field, "the name of a field")
        sign, value = self._advance(), self._advance()
        name = ALIASES.get(field.text, field.text)
        if sign.text in (MATCHES, MATCHES_NOT):
            return _pattern(name, sign.text, value)
        if value.kind not in ("word", "quoted") or (value.kind == "word" and self._is_connective(value)):
            raise _syntax_error(value, f"a value after {field.text}{sign.text}")
        is_number = value.kind == "word" and _NUMBER.fullmatch(value.text)
        typed = _unquoted(value)
        parsed: float | str = float(typed) if is_number else typed
        sign_text = {"==": "="}.get(sign.text, sign.text)
        return _in_unit(Comparison(name, sign_text, parsed, value.position, typed))

    def _starts_term(self) -> bool:
        """Whether another term follows without `and` or `or` between."""
        token = self.next
        if token.kind == "word":
            return token.text.lower() not in ("and", "or")
        return token.kind in ("quoted", "open")

    def _is_connective(self, token: _Token) -> bool:
        return token.kind == "word" and token.text.lower() in CONNECTIVES

    def _accept(self, word: str) -> bool:
        if self.next.kind == "word" and self.next.text.lower() == word:
            self._at += 1
            return True
        return False

    def _advance(self) -> _Token:
        token = self.next
        if token.kind != "end":
            self._at += 1
        return token


def _pattern(field: str, sign: str, value: _Token) -> Comparison:
    """Raises FilterError where it is no regular expression."""
    if value.kind not in ("pattern", "quoted"):
        raise _syntax_error(value, f"a regular expression in slashes after {field}{sign}")
    text = _unquoted(value)
    try:
        TextPattern(text)
    except PatternError as error:
        raise FilterError(
            f"Filter, position {value.position}: expected a regular expression, got {text[:40]!r}: {error}."
        ) from error
    return Comparison(field, sign, text, value.position, text)


def _unquoted(token: _Token) -> str:
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _syntax_error(token: _Token, expected: str) -> FilterError:
    return FilterError(f"Filter, position {token.position}: expected {expected}, got {token.description}.")
