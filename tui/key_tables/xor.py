"""Keys of the XOR tab: the tab itself and its five views."""

from __future__ import annotations

from tui.key import Key

KEYS = (
    Key("xor.hand", "b", "turn_to('hand')", "by hand", "Set the weights by hand", "xor", 0, "XOR"),
    Key("xor.trained", "t", "turn_to('trained')", "trained", "Watch a plane fold", "xor", 0, "XOR"),
    Key("xor.ladder", "d", "turn_to('ladder')", "ladder", "What each shape can reach", "xor", 0, "XOR"),
    Key("xor.map", "f", "turn_to('map')", "failure map", "Where each of thousands ended", "xor", 0, "XOR"),
    Key("xor.nine", "e", "turn_to('nine')", "experiments", "The notebook's experiments", "xor", 0, "XOR"),
    Key("xor.next", "right_square_bracket", "turn(1)", "next view", "Next view", "xor", 14, "XOR"),
    Key("xor.previous", "left_square_bracket", "turn(-1)", "previous view", "Previous view", "xor", 0, "XOR"),
    Key("xor.start", "s", "start", "start", "Start what this view shows", "xor", 2, "XOR"),
    Key("xor.new", "n", "new", "new run", "Set up a run of xor", "xor", 3, "XOR"),
    Key("xor.dismiss", "z", "app.dismiss_banner", "dismiss", "Dismiss the banner", "xor", 0, "XOR"),
    Key("weights.up", "up,k", "move(0,-1)", "up", "The number above", "weights"),
    Key("weights.down", "down,j", "move(0,1)", "down", "The number below", "weights"),
    Key("weights.left", "left,h", "move(-1,0)", "left", "To the hidden units", "weights"),
    Key("weights.right", "right,l", "move(1,0)", "right", "To the output", "weights"),
    Key("weights.more", "plus,equals_sign", "nudge(0.1)", "+0.1", "A tenth more", "weights", 1),
    Key("weights.less", "minus", "nudge(-0.1)", "-0.1", "A tenth less", "weights", 1),
    Key("weights.much_more", "greater_than_sign", "nudge(1)", "+1", "One more", "weights"),
    Key("weights.much_less", "less_than_sign", "nudge(-1)", "-1", "One less", "weights"),
    Key("weights.bit_more", "full_stop", "nudge(0.01)", "+0.01", "A hundredth more", "weights"),
    Key("weights.bit_less", "comma", "nudge(-0.01)", "-0.01", "A hundredth less", "weights"),
    Key("weights.type", "enter", "type", "type it", "Type the number", "weights", 2),
    Key("weights.zero", "0", "zero", "zero", "Set it to zero", "weights"),
    Key("weights.flip", "i", "flip", "flip sign", "Turn its sign round", "weights", 6),
    Key("weights.colder", "c", "colder(1)", "colder", "Lower T: a sharper threshold", "weights", 4),
    Key("weights.warmer", "w", "colder(-1)", "warmer", "Higher T: a softer threshold", "weights", 4),
    Key("weights.load", "o", "load", "load", "Load a network or a puzzle", "weights", 3),
    Key("weights.add", "a", "add_unit", "add unit", "One hidden unit more", "weights", 7),
    Key("weights.remove", "x", "remove_unit", "remove unit", "Remove the hidden unit", "weights"),
    Key("weights.bypass", "p", "bypass", "bypass", "The inputs reach the output, or not", "weights", 8),
    Key("weights.undo", "u", "undo", "undo", "Take the last change back", "weights", 5),
    Key("weights.redo", "U", "redo", "redo", "Make it again", "weights"),
    Key("weights.reset", "r", "reset", "reset", "As it was loaded", "weights", 9),
)  # fmt: skip
