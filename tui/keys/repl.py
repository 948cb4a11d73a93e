"""Keys of the REPL tab: its prompt and its transcript."""

from __future__ import annotations

from tui.keys.key import Key

SCOPES = {"prompt": "Prompt", "transcript": "Transcript"}
"""the parts of the tab with keys of their own, and their headings in the help"""

KEYS = (
    Key("prompt.say", "enter", "say", "generate", "Run a / command, or continue the text", "prompt", 1),
    Key("prompt.take", "tab", "take", "take word", "Best word; 1-9: by its number, '1 types 1", "prompt", 2),
    Key("prompt.earlier", "up", "step(-1)", "older input", "Previous input of the history", "prompt", 5),
    Key("prompt.later", "down", "step(1)", "newer input", "Next input of the history", "prompt"),
    Key("prompt.page_up", "pageup", "page(-1)", "page up", "Scroll the transcript up", "prompt"),
    Key("prompt.page_down", "pagedown", "page(1)", "page down", "Scroll the transcript down", "prompt"),
    Key("prompt.search", "ctrl+r", "search", "search", "Search the history", "prompt", 6),
    Key("prompt.leave", "escape", "escape", "tabs", "Stop; else leave: digits then open tabs",
        "prompt", 3),
    Key("prompt.new", "ctrl+n", "new", "train", "Set up a run of lm (language model)", "prompt"),
    Key("prompt.help", "f1", "app.help", "keys", "The keys of the prompt", "prompt", 7),
    Key("prompt.palette", "ctrl+p", "app.command_palette", "commands", "Find any command", "prompt", 8),
    Key("prompt.quit", "ctrl+q", "app.leave", "quit", "Quit the app; runs continue", "prompt"),
    Key("repl.prompt", "enter,i", "prompt", "prompt", "Back to the prompt", "repl", 1),
    Key("repl.slash", "slash", "prompt('/')", "command", "To the prompt, with a slash", "repl"),
    Key("transcript.down", "down,j", "scroll(1)", "down", "Scroll down", "transcript"),
    Key("transcript.up", "up,k", "scroll(-1)", "up", "Scroll up", "transcript"),
    Key("transcript.page_down", "pagedown,ctrl+d,space", "scroll_page(1)", "page down", "A page down",
        "transcript"),
    Key("transcript.page_up", "pageup,ctrl+u", "scroll_page(-1)", "page up", "A page up", "transcript"),
    Key("transcript.top", "g,home", "scroll_to(0)", "top", "To the oldest answer", "transcript"),
    Key("transcript.bottom", "G,end", "scroll_to(1)", "end", "To the newest answer", "transcript"),
    Key("repl.sort", "o", "sort", "sort", "Change the sort order of the newest table", "repl", 3),
    Key("repl.unit", "right_square_bracket", "unit(1)", "next unit",
        "Next unit of gates, or next head", "repl", 4),
    Key("repl.unit_back", "left_square_bracket", "unit(-1)", "previous unit",
        "Unit of gates before, or head before", "repl"),
    Key("repl.block", "right_curly_bracket", "block(1)", "next block", "Attention in the next block",
        "repl", 4),
    Key("repl.block_back", "left_curly_bracket", "block(-1)", "previous block",
        "Attention in the block before", "repl"),
    Key("repl.stop", "escape", "stop", "stop", "Stop the answer in progress", "repl", 2),
    Key("repl.model", "m", "model", "model", "Choose the model", "repl", 3),
    Key("repl.copy", "c", "copy", "copy", "Copy the newest answer", "repl", 6),
    Key("repl.export", "e", "export", "export", "Write the transcript to a file", "repl", 7),
    Key("repl.clear", "X", "clear", "clear", "Clear the transcript", "repl"),
    Key("repl.new", "n", "new", "train a model", "Set up a run of lm (language model)", "repl", 5),
    Key("repl.dismiss", "x", "app.dismiss_banner", "dismiss", "Dismiss the banner", "repl"),
)  # fmt: skip
