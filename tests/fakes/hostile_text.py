"""Hostile text: escape sequences, markup, odd Unicode; a corpus, a file name or a program may hold it."""

from __future__ import annotations

PAYLOADS: tuple[str, ...] = (
    # sequences of a terminal, with seven bits and with eight
    "\x1b[5;31;42mblink", "\x1b[2J", "\x1b[3J", "\x1b[H", "\x1b[999;999H", "\x1b[1;1Howned", "\x1b[10A",
    "\x1b[6n",
    "\x1b[c", "\x1b[>c", "\x1b[21t", "\x1b[8;5;5t", "\x1b[?1049l", "\x1b[?1049h", "\x1b[?25l", "\x1b[?1000h",
    "\x1b[?2004l", "\x1b[?5h", "\x1b[20l", "\x1b[4h", "\x1b[!p", "\x1b[5i", "\x1b[1;5r", "\x1b[;",
    "\x1b[", "\x1b",
    "\x1bc", "\x1b7\x1b8", "\x1bD", "\x1bM", "\x1b(0lqqk", "\x1b#8", "\x1b%G", "\x1b]0;title\x07",
    "\x1b]2;title\x1b\\", "\x1b]52;c;cm0gLXJmIH4=\x07", "\x1b]52;c;?\x1b\\", "\x1b]8;;http://evil/\x07link",
    "\x1b]4;1;rgb:00/00/00\x07", "\x1b]1337;File=inline=1:AA\x07", "\x1b]777;notify;a;b\x07",
    "\x1b]9;4;3\x07",
    "\x1bP$q\"p\x1b\\", "\x1bP+q544e\x1b\\", "\x1b_Ga=T;AAAA\x1b\\", "\x1b^private\x1b\\", "\x1bXstart\x1b\\",
    "\x1b[200~pasted\x1b[201~", "\x9b31mred", "\x9b2J", "\x9d52;c;AAAA\x9c", "\x90q\x9c", "\x84\x85\x8d",
    # single characters
    "\x07\x07bell", "\x08\x08\x08back", "\x0e\x0fshift", "\r\rreturn", "a\nb\nc", "a\tb", "\x00nul",
    "\x7fdel",
    # markup of the libraries that draw
    "[red]red[/red]", "[/]", "[/red]", "[", "[[", "]", "[@click=app.leave]leave[/]",
    "[@click='app.quit']x[/]",
    "[link=http://evil/]x[/link]", "[b", "[b][i]", "[#ff0000 on blue]", "$primary", "[$error]x[/]",
    "\\[red]", ":smile:",
    # letters that turn, hide, pile up or are half
    "\u202etxt.exe", "\u2066iso\u2069", "\u200fright", "a\u200b\u200d\ufeffb", "\u00adsoft",
    "z" + "\u0301" * 1000,
    "\u20dd" * 40, "\U000e0041\U000e007f", "\u2028line\u2029", "\ud800", "\udc9b31m", "x\udfffy",
    "\ue000\U0010ffff",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\uff21\uff22\u6771\u4eac", "\u0e33" * 30, "\u0000" * 50,
    # long ones, and words that commands could take for something else
    "W" * 3000, "\x1b[" * 500, " " * 300, "", "-rf", "--help", "../../x", "%s%n{0}{x}", "'\"; rm -rf ~;",
    "@last", "nan",
)  # fmt: skip
EVERYTHING = " | ".join(PAYLOADS)
