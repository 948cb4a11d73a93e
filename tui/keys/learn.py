"""Keys of the Learn tab: its views, a lecture, an aid and a question."""

from __future__ import annotations

from tui.keys.key import Key, Scope, view_keys

SCOPES = {
    "today": "Today", "lectures": "Lectures", "reader": "Lecture", "aids": "Aids", "aid": "Aid",
    "words": "Words", "exam": "Exam", "card": "Question", "videos": "Videos",
}  # fmt: skip
"""the parts of the tab with keys of their own, and their headings in the help"""

RATINGS = {1: "forgot", 2: "hard", 4: "at once"}
"""of a recall, by their digits; space is good"""


def _moves(scope: Scope) -> tuple[Key, ...]:
    """The keys of a cursor in a list."""
    return (
        Key(f"{scope}.down", "down,j", "move(1)", "next", "The next one", scope),
        Key(f"{scope}.up", "up,k", "move(-1)", "previous", "The one before", scope),
        Key(f"{scope}.page_down", "pagedown,ctrl+d", "page(1)", "page down", "A page down", scope),
        Key(f"{scope}.page_up", "pageup,ctrl+u", "page(-1)", "page up", "A page up", scope),
        Key(f"{scope}.first", "g,home", "move(-9999)", "first", "The first one", scope),
        Key(f"{scope}.last", "G,end", "move(9999)", "last", "The last one", scope),
    )


KEYS = (
    *view_keys(
        "learn", "Learn", 14,
        today=("t", "today", "What is due today"),
        lectures=("b", "lectures", "The lectures"),
        aids=("a", "aids", "What one can touch and change"),
        words=("w", "words", "The glossary"),
        exam=("e", "exam", "An exam, without marks in sight"),
    ),
    Key("learn.copy", "c", "copy", "copy", "Copy what is shown as text", "learn", 0, "Learn"),
    Key("learn.dismiss", "x", "app.dismiss_banner", "dismiss", "Dismiss the banner", "learn", 0, "Learn"),
    *_moves("today"),
    Key("today.open", "enter", "open", "review", "Review what is due, or open the row", "today", 1),
    Key("today.resume", "s", "resume", "read on", "Continue in the lecture read last", "today", 2),
    Key("today.more", "plus,equals_sign", "more", "more today", "More cards than a day holds", "today", 3),
    *_moves("lectures"),
    Key("lectures.open", "enter", "open", "read", "Read the lecture", "lectures", 1),
    Key("reader.down", "down,j", "scroll(1)", "down", "Scroll down", "reader"),
    Key("reader.up", "up,k", "scroll(-1)", "up", "Scroll up", "reader"),
    Key("reader.page_down", "space,pagedown,ctrl+d", "page(1)", "page down", "A page down", "reader"),
    Key("reader.page_up", "pageup,ctrl+u", "page(-1)", "page up", "A page up", "reader"),
    Key("reader.top", "g,home", "scroll_to(0)", "top", "To the beginning", "reader"),
    Key("reader.bottom", "G,end", "scroll_to(1)", "end", "To the end", "reader"),
    Key("reader.next", "full_stop", "step(1)", "next", "The next thing to open", "reader", 1),
    Key("reader.previous", "comma", "step(-1)", "previous", "The thing to open before", "reader"),
    Key("reader.open", "enter", "open", "open", "Open aid, question, word or link", "reader", 2),
    Key("reader.lab", "o", "lab", "lab", "Open the thing itself in its tab", "reader", 7),
    Key("reader.outline", "O", "outline", "outline", "The sections", "reader", 3),
    Key("reader.search", "slash", "search", "search", "Search here and in the course", "reader", 4),
    Key("reader.videos", "v", "videos", "videos", "Videos about the lecture", "reader", 5),
    Key("reader.essays", "E", "essays", "essays", "Essays of the lecture", "reader", 8),
    Key("reader.next_lecture", "n", "other(1)", "next lecture", "The next lecture", "reader", 6),
    Key("reader.previous_lecture", "N", "other(-1)", "lecture before", "The lecture before", "reader"),
    Key("reader.back", "escape", "back", "lectures", "Back to the lectures", "reader"),
    *_moves("aids"),
    Key("aids.open", "enter", "open", "try it", "Open the aid", "aids", 1),
    Key("aid.up", "up,k", "choose(-1)", "control above", "The control above", "aid"),
    Key("aid.down", "down,j", "choose(1)", "control", "The control below", "aid", 1),
    Key("aid.less", "left,h", "nudge(-1,0)", "less", "Less, or the choice before", "aid"),
    Key("aid.more", "right,l", "nudge(1,0)", "change", "More, or the next choice", "aid", 2),
    Key("aid.bit_more", "plus,equals_sign", "nudge(1,-1)", "a bit more", "A fine step up", "aid", 9),
    Key("aid.bit_less", "minus", "nudge(-1,-1)", "a bit less", "A fine step down", "aid"),
    Key("aid.much_more", "greater_than_sign", "nudge(1,1)", "much more", "A coarse step up", "aid", 10),
    Key("aid.much_less", "less_than_sign", "nudge(-1,1)", "much less", "A coarse step down", "aid"),
    Key("aid.type", "enter", "type", "type", "Type the value", "aid", 3),
    Key("aid.step", "space", "step", "step", "The next step", "aid", 8),
    Key("aid.undo", "u", "undo", "undo", "Undo the last change", "aid", 5),
    Key("aid.reset", "r", "reset", "reset", "All values as they were at first", "aid", 11),
    Key("aid.draw", "d", "draw_again", "draw again", "Other random numbers", "aid", 7),
    Key("aid.predict", "p", "predict", "predict", "A prediction about it, before you look", "aid", 6),
    Key("aid.how", "m", "how", "mathematics", "How it is computed, and what is what", "aid", 4),
    Key("aid.source", "S", "source", "source", "Where it is from", "aid", 12),
    Key("aid.train", "n", "train", "train one", "The form of a run that it can look into", "aid", 13),
    Key("aid.lab", "o", "lab", "lab", "Open the thing itself in its tab", "aid", 5),
    Key("aid.back", "escape", "back", "back", "Back to where it was opened", "aid"),
    *_moves("words"),
    Key("words.open", "enter", "open", "show it", "Open the aid that shows it, or the text", "words", 1),
    Key("words.read", "r", "read", "read", "Where the lecture has it", "words", 2),
    *_moves("exam"),
    Key("exam.open", "enter", "open", "begin", "Begin the exam, or continue it", "exam", 1),
    Key("exam.toggle", "space", "with_or_without", "choose", "With the lecture, or without", "exam", 2),
    Key("exam.settings", "f", "settings", "settings", "Length, seed, known cards, your day", "exam", 4),
    Key("exam.end", "D", "end", "end it", "End the exam that was left; its report", "exam", 3),
    *(
        Key(f"card.answer_{digit}", f"{digit}", f"answer({digit})", f"answer {digit}",
            f"Choice {digit}" + (", of a recall: " + RATINGS[digit] if digit in RATINGS else ""), "card")
        for digit in range(1, 7)
    ),
    Key("card.show", "space", "show", "show", "Show the answer, then: knew it", "card"),
    Key("card.guessed", "g", "guessed", "guessed", "The answer is a guess", "card"),
    Key("card.hint", "h", "hint", "hint", "A hint: right is then hard", "card"),
    Key("card.later", "z", "later", "not today", "Not today", "card"),
    Key("card.undo", "u", "undo", "undo", "Take back the newest mark", "card"),
    Key("card.help", "f1", "help", "keys", "Show the keys of a question", "card"),
    Key("card.thing", "o", "thing", "its aid", "Open the aid of the question", "card"),
    Key("card.typed_guessed", "alt+g", "guessed", "guessed", "A guess, while one types", "card"),
    Key("card.typed_hint", "alt+h", "hint", "hint", "A hint, while one types", "card"),
    Key("card.typed_later", "alt+z", "later", "not today", "Not today, while one types", "card"),
    Key("card.typed_undo", "alt+u", "undo", "undo", "Undo, while one types", "card"),
    Key("card.up", "up,k", "choose(-1)", "up", "The row above; of a curve, the point up", "card"),
    Key("card.down", "down,j", "choose(1)", "down", "The row below; of a curve, the point down", "card"),
    Key("card.move_up", "K,shift+up", "shift(-1)", "move up", "Move the row up, or a point far up", "card"),
    Key("card.move_down", "J,shift+down", "shift(1)", "move down", "Move the row down, or a point far down",
        "card"),
    Key("card.next_point", "right,l", "point(1)", "next point", "The next point of a curve", "card"),
    Key("card.previous_point", "left", "point(-1)", "point before", "The point before", "card"),
    Key("card.type", "t", "type", "type", "Type the points of a curve", "card"),
    Key("card.typed_type", "alt+t", "type", "draw", "Draw the points, while one types", "card"),
    Key("videos.code", "i", "code", "QR code", "The QR code of its address", "videos"),
)  # fmt: skip
