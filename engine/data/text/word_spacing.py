"""Detection of texts without spaces between words, such as Chinese, Japanese and Thai."""

from __future__ import annotations

RANGES = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Japanese syllables
    (0x3400, 0x9FFF),  # Chinese and Japanese characters
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
SHARE = 0.3
"""share of the characters of words from which on a text counts as one of these scripts"""
LONGEST_MEAN = 4.0
"""characters: words from a segmenter are shorter on average, unsegmented phrases longer"""
WARNING = (
    "The text is written without spaces: each stretch between two spaces or line ends counts as one word. "
    "Put spaces between the words first (a word segmenter does that)."
)


def is_unspaced(sample: str) -> bool:
    """Whether a sample of some thousand characters is unspaced."""
    words = sample.split()
    of_script = [count for word in words if (count := sum(map(_is_of_script, word)))]
    characters = sum(map(len, words))
    if not of_script or sum(of_script) < SHARE * characters:
        return False
    return sum(of_script) > LONGEST_MEAN * len(of_script)


def _is_of_script(character: str) -> bool:
    number = ord(character)
    return number >= RANGES[0][0] and any(first <= number <= last for first, last in RANGES)
