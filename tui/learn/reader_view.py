"""The view of one lecture: its text, and the aid that one has come to beside it where there is room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from engine.course.reading import Lecture, open_lecture
from engine.errors import DltuiError
from engine.session_protocol.learn import (
    AidsRequest,
    LectureRequest,
    LecturesRequest,
    ListedAids,
    ListedLectures,
    ListedWords,
    OpenedLecture,
    SearchHit,
    SeenRequest,
    WordsRequest,
)
from tui.data.run_actions import run_and_notify
from tui.learn.aid_messages import AidLeft
from tui.learn.aid_pane import AidPane
from tui.learn.lecture_column import LectureColumn
from tui.learn.lecture_rows import Opening
from tui.learn.reader import Reader
from tui.learn.today_rows import BEGINNING, number_of
from tui.learn.view import LearnView
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Span

WITH_AID, WITH_LECTURES = 100, 180
"""least widths for the aid beside the text, and for the lectures on its left"""
TEXT = 80
"""cells of the text beside an aid"""
HEADING_RULE = 12
"""cells of the heading beside its title and its note"""
AID_DELAY = 0.12
"""seconds after the last movement until the aid beside the text is another one"""


class ReaderView(LearnView):
    SCOPE = "reader"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.reader, self.lectures = Reader(), LectureColumn()
        self.pane = AidPane(self.context.session, id="reader-aid")
        self.heading = Heading(("lecture",))
        self.lecture_id = str(self.saved_before.get("lecture", ""))
        self._section = str(self.saved_before.get("section", ""))
        below = self.saved_before.get("below", 0)
        self._below = below if isinstance(below, int) else 0
        self._opened: OpenedLecture | None = None
        self._lectures: ListedLectures | None = None
        self._find = ""
        self._labs: dict[str, Any] = {}
        self._aid_timer: Any = None

    def compose(self) -> ComposeResult:
        yield self.heading
        with Horizontal(id="reader-body"):
            yield self.lectures
            with Vertical(id="reader-text"):
                yield self.reader
            yield self.pane

    def focus_part(self) -> Widget:
        return self

    def action_target_of(self, scope: str) -> Widget | None:
        return self.pane if scope == "aid" and self.pane.display else super().action_target_of(scope)

    # --- which lecture -----------------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        self.reader.refresh()
        self._lay_out()
        self._show_lecture()
        self.request(LecturesRequest(), self._update_lectures, "learn lectures")
        if not self.reader.texts.terms:
            self.request(WordsRequest(), self._update_words, "learn words")
            self.request(AidsRequest(), self._update_aids, "learn aids")

    def select(self, selection: Mapping[str, Any]) -> None:
        """Open `lecture`, at `section` or at the opening `find`; else where one was."""
        lecture = str(selection.get("lecture", "")) or self.lecture_id or BEGINNING
        section, self._find = str(selection.get("section", "")), str(selection.get("find", ""))
        if lecture != self.lecture_id or self.reader.lecture is None:
            self.lecture_id, self._section, self._below = lecture, section, 0
            self.reader.lecture = None
        elif section:
            self.reader.go_to_section(section)
        self._show_lecture()

    def _show_lecture(self) -> None:
        if self.lecture_id and self.in_front:
            self._open(self.lecture_id)
            self.request(LectureRequest(self.lecture_id), self._update_opened, "learn lecture")

    def _open(self, lecture_id: str) -> None:
        """Its text is read at once: a file of 20 kB, in a few milliseconds."""
        if self.reader.lecture is None:
            try:
                lecture = open_lecture(self.context.places.learn, lecture_id)
            except DltuiError as error:
                self.set_note(str(error))
                return
            self._use(lecture)
        if self._find:
            self.reader.find(self._find)
            self._find = ""

    def _use(self, lecture: Lecture) -> None:
        self._update_after()
        self.reader.show_lecture(lecture, self._section, self._below)
        self.lectures.update_lecture(lecture, ())
        self._update_heading()

    def _update_opened(self, opened: OpenedLecture) -> None:
        self._opened = opened
        items = {item.id: item for item in opened.items}
        self.reader.update_texts(replace(self.reader.texts, items=items))
        seen = [section.id.partition(".")[2] for section in opened.line.sections if section.is_seen]
        if self.reader.lecture is not None:
            self.lectures.update_lecture(self.reader.lecture, seen)
            self.lectures.update_line(opened.line)
        self._update_heading()

    def _update_lectures(self, listed: ListedLectures) -> None:
        self._lectures = listed
        self.lectures.update_lectures(listed)
        self._update_after()

    def _update_after(self) -> None:
        """What stands at the end of the text: the questions of the day, and the next lecture."""
        lines = list(self._lectures.lectures) if self._lectures is not None else []
        waiting = sum(line.due for line in lines)
        told = f"{waiting} questions wait" if waiting > 1 else "What is asked today"
        after = [("today", "today", told)] if lines else []
        names = [line.id for line in lines]
        if self.lecture_id in names[:-1]:
            line = lines[names.index(self.lecture_id) + 1]
            title = f"Next lecture: {number_of(line.id)} {line.progress.title}, {line.minutes} minutes"
            after.append(("lecture", line.id, title))
        self.reader.update_texts(replace(self.reader.texts, after=tuple(after)))

    def _update_words(self, listed: ListedWords) -> None:
        terms = {word.name: word.text for word in listed.words}
        terms |= {alias: word.text for word in listed.words for alias in word.aliases}
        self.reader.update_texts(replace(self.reader.texts, terms=terms))

    def _update_aids(self, listed: ListedAids) -> None:
        self._labs = {line.name: line for line in listed.aids}
        aids = {line.name: line.title for line in listed.aids}
        self.reader.update_texts(replace(self.reader.texts, aids=aids))

    def _update_heading(self) -> None:
        lecture = self.reader.lecture
        if lecture is None:
            return
        title = f"{number_of(self.lecture_id)} {plain(lecture.title, limit=60)}"
        self.heading.select(title, (title,))
        slugs = [section.slug for section in lecture.sections]
        here = self.reader.section_at_top
        place = slugs.index(here) + 1 if here in slugs else 0
        notes = [f"section {place} of {len(slugs)}" if place else "overview"]
        if self._opened is not None and self._opened.line.id == self.lecture_id:
            progress = self._opened.line.progress
            cards = progress.new + progress.learning + progress.known
            notes.append(f"{progress.known} of {cards} cards known")
        while len(notes) > 1 and len(title) + len("   ".join(notes)) + HEADING_RULE > self.size.width:
            notes.pop()
        self.heading.set_note(Span("   ".join(notes), "text"))
        self.lectures.select(here)

    # --- layout ------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        width = self.size.width
        self.pane.display = width >= WITH_AID
        self.lectures.display = width >= WITH_LECTURES
        text = self.query_one("#reader-text")
        text.styles.width = min(TEXT, max(48, width - 52)) if self.pane.display else "1fr"
        if self.in_front:
            self._follow_aid()

    @on(Reader.Moved)
    def _moved(self) -> None:
        self._update_heading()
        if self._aid_timer is None:
            self._aid_timer = self.set_timer(AID_DELAY, self._follow_aid)
        self.save_state()

    def _follow_aid(self) -> None:
        """The aid that one has come to is shown beside the text."""
        self._aid_timer = None
        opening = self.reader.aid_here()
        if not self.pane.display or opening is None or self.pane.has_focus or not self.in_front:
            return
        self.reader.update_texts(replace(self.reader.texts, aid_beside=opening.name))
        self.pane.show_aid(opening.name, opening.params, look_only=True)

    @on(Reader.SectionRead)
    def _section_read(self, message: Reader.SectionRead) -> None:
        place = f"{self.lecture_id}.{message.slug}"
        self.request(SeenRequest([place]), lambda answer: self._fetch_progress(), f"seen {place}")

    # --- keys --------------------------------------------------------------------------------------------

    def action_scroll(self, rows: int) -> None:
        self.reader.action_scroll(rows)

    def action_page(self, by: int) -> None:
        self.reader.action_scroll_page(by)

    def action_scroll_to(self, end: int) -> None:
        self.reader.action_scroll_to(end)

    def action_step(self, by: int) -> None:
        self.reader.step(by)

    @on(Reader.Opened)
    def _clicked(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        opening = self.reader.opening
        if opening is None:
            self.reader.step(1)
        elif opening.kind == "term":
            self.reader.toggle_term()
        elif opening.kind == "aid":
            self._open_aid(opening)
        elif opening.kind == "item":
            self._open_item(opening)
        elif opening.kind == "lecture":
            self.select({"lecture": opening.name})
        elif opening.kind == "today":
            self.turn_to("today")
        else:
            run_and_notify(self, self.context.clipboard.copy(self.app, opening.name))

    def _open_aid(self, opening: Opening) -> None:
        if self.pane.display:
            self.pane.show_aid(opening.name, opening.params)
            self.pane.focus(scroll_visible=False)
        else:
            self.turn_to("aid", name=opening.name, params=dict(opening.params), back="reader")

    def _open_item(self, opening: Opening) -> None:
        lecture = self.reader.lecture
        is_before = lecture is not None and opening.section == "overview" and opening.name in lecture.opens
        self.ask_items([self._prefixed(opening.name)], "try" if is_before else "one", self._fetch_progress)

    def _prefixed(self, item: str) -> str:
        prefix, colon, _ = self.lecture_id.rpartition(":")
        return f"{prefix}{colon}{item}"

    def _fetch_progress(self) -> None:
        self.request(LectureRequest(self.lecture_id), self._update_opened, "learn lecture")

    @on(AidLeft)
    def _leave_aid(self, message: AidLeft) -> None:
        message.stop()
        self.focus(scroll_visible=False)

    def action_back(self) -> None:
        self.turn_to("lectures")

    def action_lab(self) -> None:
        opening = self.reader.aid_here()
        line = self._labs.get(opening.name) if opening is not None else None
        state = self.pane.state
        if line is None or opening is None:
            return
        if state is not None and state.line.name == line.name:
            self.open_lab(line, state.params, state.seed)
        else:
            self.open_lab(line, dict(opening.params))

    def action_other(self, by: int) -> None:
        """The next lecture, or the one before."""
        names = [line.id for line in self._lectures.lectures] if self._lectures is not None else []
        if self.lecture_id in names:
            place = names.index(self.lecture_id) + by
            if 0 <= place < len(names):
                self.select({"lecture": names[place]})
            else:
                self.app.notify(f"This is the {'last' if by > 0 else 'first'} lecture.", markup=False)

    def action_outline(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        lecture = self.reader.lecture
        if lecture is None:
            return
        sections = lecture.all_sections
        choices = [(one.title, f"{one.words} words") for one in sections]
        slugs = [one.slug for one in sections]
        here = slugs.index(self.reader.section_at_top) if self.reader.section_at_top in slugs else 0

        def chosen(place: int | None) -> None:
            if place is not None:
                self.reader.go_to_section(slugs[place])

        self.app.push_screen(ChooseScreen(plain(lecture.title, limit=70), choices, "read", here), chosen)

    def action_search(self) -> None:
        from tui.learn.search_screen import SearchScreen

        self.app.push_screen(SearchScreen(self.context.session, self.lecture_id), self._go_to_hit)

    def _go_to_hit(self, hit: SearchHit | None) -> None:
        if hit is None:
            return
        if hit.kind == "section":
            lecture, _, section = hit.id.partition(".")
            self.select({"lecture": lecture, "section": section})
        elif hit.kind == "aid":
            self.turn_to("aid", name=hit.id, back="reader")
        elif hit.kind == "item":
            self.ask_items([hit.id], "one", self._fetch_progress)
        else:
            self.turn_to("words", word=hit.id)

    def action_videos(self) -> None:
        from tui.learn.videos_screen import VideosScreen

        if self._opened is None or not self._opened.videos:
            self.app.notify("No video is named for this lecture.", markup=False)
        else:
            self.app.push_screen(VideosScreen(self._opened.videos))

    def action_essays(self) -> None:
        essays = [item for item in self._opened.items if item.kind == "essay"] if self._opened else []
        if not essays:
            self.app.notify("This lecture has no essay.", markup=False)
            return
        from tui.dialogs.choose import ChooseScreen

        def chosen(place: int | None) -> None:
            if place is not None:
                self.ask_items([essays[place].id], "one", self._fetch_progress)

        choices = [(f"essay {place}", item.ask) for place, item in enumerate(essays, 1)]
        self.app.push_screen(ChooseScreen("essays", choices, "write"), chosen)

    def saved(self) -> dict[str, Any]:
        lecture = self.reader.lecture
        if lecture is None:
            return dict(self.saved_before)
        return {
            "lecture": self.lecture_id,
            "section": self.reader.section_at_top,
            "below": self.reader.rows_below,
        }
