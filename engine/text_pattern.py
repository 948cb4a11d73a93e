"""Regular expressions whose search takes time in proportion to the text, for filters.

Patterns of `re` can take ages for a short text, such as (a+)+b, and cannot be interrupted. Here the states of
all ways to match are followed at once. Not there: references to groups, assertions but ^ and $.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LENGTH_LIMIT = 200
STATES_LIMIT = 400
CACHE_LIMIT = 5_000
"""sets of states that are kept"""
BETWEEN_CHECKS = 64
"""searches between two looks at the clock"""
SECONDS = 1.0
"""that one query may spend in searches"""
_REPEAT = re.compile(r"\{(\d{1,3})(,(\d{0,3}))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_ESCAPES = frozenset("dDwWsStnrfv")

States = frozenset[int]
Test = Callable[[str], object]


class PatternError(ValueError):
    """The text is not a regular expression that is supported; the message says why."""


@dataclass(slots=True)
class _State:
    """`test` decides whether a character leads to `ways`; without one they are reached at once."""

    test: Test | None = None
    ways: list[int] = field(default_factory=list)
    needs: str = ""
    """^ or $: only at the start or the end of the text"""


class _Node(dict[str, "_Node"]):
    """A set of states, and those that follow by character, as far as they are known."""

    def __init__(self, states: States, matches: bool, matches_at_end: bool) -> None:
        super().__init__()
        self.states, self.matches, self.matches_at_end = states, matches, matches_at_end

    def __bool__(self) -> bool:
        return True


class TextPattern:
    """A regular expression; upper and lower case are equal. Raises PatternError."""

    def __init__(self, text: str) -> None:
        if len(text) > LENGTH_LIMIT:
            raise PatternError(f"it has {len(text)} characters, expected {LENGTH_LIMIT} at most")
        try:
            re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternError(str(error)) from error
        self._states: list[_State] = []
        self._text, self._at = text, 0
        start = self._add(_State())
        last = self._alternatives(start)
        if self._at < len(text):
            raise PatternError(f"unexpected {text[self._at]!r} at position {self._at}")
        self._match = self._add(_State())
        self._states[last].ways.append(self._match)
        self._later = self._reached({start}, "")
        self._matches_nothing = self._match in self._reached({start}, "^$")
        self._nodes: dict[States, _Node] = {}
        self._first = self._node(self._reached({start}, "^"))

    def search(self, text: str) -> bool:
        """Whether it matches somewhere in the text."""
        if not text:
            return self._matches_nothing
        node = self._first
        for character in text:
            if node.matches:
                return True
            node = node.get(character) or self._after(node, character)
        return node.matches or node.matches_at_end

    def _after(self, node: _Node, character: str) -> _Node:
        ways = {
            way
            for number in node.states
            if (test := self._states[number].test) is not None and test(character)
            for way in self._states[number].ways
        }
        found = self._node(self._reached(ways, "") | self._later)
        node[character] = found
        return found

    def _node(self, states: States) -> _Node:
        if states not in self._nodes:
            if len(self._nodes) > CACHE_LIMIT:
                for known in self._nodes.values():
                    known.clear()
                self._nodes.clear()
            at_end = self._reached(set(states), "$")
            self._nodes[states] = _Node(states, self._match in states, self._match in at_end)
        return self._nodes[states]

    def _reached(self, states: set[int], where: str) -> States:
        """The states and those reached from them without a character; `where`: ^, $, both or neither.

        A state that needs the end stays in the set, to be passed there.
        """
        found, waiting = set(states), list(states)
        while waiting:
            state = self._states[waiting.pop()]
            if state.test is not None or (state.needs and state.needs not in where):
                continue
            new = [way for way in state.ways if way not in found]
            found.update(new)
            waiting += new
        return frozenset(found)

    # --- from text to states: each part is added behind the state `before`; its last state is returned ----

    def _add(self, state: _State) -> int:
        if len(self._states) >= STATES_LIMIT:
            raise PatternError("it is too large")
        self._states.append(state)
        return len(self._states) - 1

    def _alternatives(self, before: int) -> int:
        last = self._add(_State())
        while True:
            branch = self._add(_State())
            self._states[before].ways.append(branch)
            self._states[self._sequence(branch)].ways.append(last)
            if self._peek() != "|":
                return last
            self._at += 1

    def _sequence(self, before: int) -> int:
        while self._peek() not in ("", "|", ")"):
            before = self._repeated(before)
        return before

    def _repeated(self, before: int) -> int:
        """One part and its repetition."""
        begun = self._at
        first = self._add(_State())
        self._states[before].ways.append(first)
        last = self._part(first)
        least, most = self._bounds()
        if (least, most) == (1, 1):
            return last
        behind = self._at
        ends = [] if least else [before]
        if least == 0:  # the part was added once already, behind `before`
            least = 1
        last = self._loop(first, last) if most is None and least == 1 else last
        for count in range(1, most if most is not None else least):
            if count >= least:
                ends.append(last)
            self._at, start = begun, self._add(_State())
            self._states[last].ways.append(start)
            last = self._part(start)
            if most is None and count == least - 1:
                last = self._loop(start, last)
        self._at = behind
        end = self._add(_State())
        if most == 0:
            self._states[before].ways.remove(first)
            ends = [before]
        else:
            ends.append(last)
        for one in ends:
            self._states[one].ways.append(end)
        return end

    def _loop(self, first: int, last: int) -> int:
        end = self._add(_State())
        self._states[last].ways += [first, end]
        return end

    def _bounds(self) -> tuple[int, int | None]:
        """Least and most repetitions; None: any number."""
        sign = self._peek()
        found = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign)
        if found is not None:
            self._at += 1
        elif match := _REPEAT.match(self._text, self._at):
            least = int(match[1])
            found = least, (int(match[3]) if match[3] else None) if match[2] else least
            self._at = match.end()
        if found is None:
            return 1, 1
        if self._peek() in ("?", "+"):
            self._at += 1  # shortest first, or without going back: whether it matches is the same or stricter
        return found

    def _part(self, before: int) -> int:
        """A character, a class, a group, an anchor."""
        sign = self._peek()
        self._at += 1
        if sign == "(":
            return self._group(before)
        if sign in ("^", "$"):
            after = self._add(_State())
            needs = self._add(_State(None, [after], sign))
            self._states[before].ways.append(needs)
            return after
        return self._character(before, sign)

    def _group(self, before: int) -> int:
        if self._peek() == "?":
            if not self._text.startswith("?:", self._at):
                raise PatternError("groups with (? are not supported, except (?:")
            self._at += 2
        last = self._alternatives(before)
        self._at += 1  # the closing parenthesis, which `re` has checked
        return last

    def _character(self, before: int, sign: str) -> int:
        begun = self._at - 1
        if sign == "[" and (match := _CLASS.match(self._text, begun)):
            self._at = match.end()
        elif sign == "\\":
            letter = self._peek()
            if letter.isalnum() and letter not in _ESCAPES:
                raise PatternError(f"\\{letter} is not supported")
            self._at += 1
        test = re.compile(self._text[begun : self._at], re.IGNORECASE | re.DOTALL).match
        after = self._add(_State())
        leads = self._add(_State(test, [after]))
        self._states[before].ways.append(leads)
        return after

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


class PatternSearch:
    """Searches of one query: after SECONDS nothing matches any more, and `is_exhausted` says so."""

    def __init__(self) -> None:
        self._patterns: dict[str, TextPattern] = {}
        self.restart()

    def restart(self) -> None:
        self._until = time.thread_time() + SECONDS
        self._searches = 0
        self.is_exhausted = False

    def __call__(self, pattern: str, text: object) -> bool | None:
        """None for no text."""
        if text is None:
            return None
        self._searches += 1
        if self._searches % BETWEEN_CHECKS == 1 and time.thread_time() > self._until:
            self.is_exhausted = True
        if self.is_exhausted:
            return False
        found = self._patterns.get(pattern) or self._compile(pattern)
        return found.search(text if isinstance(text, str) else str(text))

    def any_word(self, pattern: str, text: object) -> bool:
        """Whether it matches one of the words of the text."""
        return any(self(pattern, word) for word in str(text).split())

    def _compile(self, text: str) -> TextPattern:
        self._patterns = {text: TextPattern(text), **dict(list(self._patterns.items())[:8])}
        return self._patterns[text]
