"""Which texts put no spaces between their words, whatever script they are in."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

# Scripts that need no spaces between words, and more letters than their words have on
# average. A sentence without spaces has far more.
_LETTERS_WITHOUT_SPACES = {
    "[\u3041-\u309f\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]": 3,  # Han, kana
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]": 10,  # Thai, Lao, Burmese, Khmer
    "[\uac00-\ud7a3]": 8,  # Korean
}
_LETTERS_OF_A_WORD = 40  # in any other script, such as DNA
# White space, or punctuation of ASCII, CJK and full width.
_BETWEEN_WORDS = re.compile(
    r"[\s!-/:-@\[-`{-~\u2000-\u206f\u3000-\u303f\uff00-\uff20]+"
)


def without_spaces(texts: Sequence[str]) -> list[str]:
    """Of each text whose words are much longer than words are, the longest one."""
    words = [[word for word in _BETWEEN_WORDS.split(text) if word] for text in texts]
    return [max(some_words, key=len) for some_words in words if _are_glued(some_words)]


def _are_glued(words: list[str]) -> bool:
    if sum(map(len, words)) > _LETTERS_OF_A_WORD * len(words):
        return True
    if all(map(str.isascii, words)):
        return False
    for letters, most in _LETTERS_WITHOUT_SPACES.items():
        lengths = [len(re.findall(letters, word)) for word in words]
        if sum(lengths) > most * np.count_nonzero(lengths):
            return True
    return False


def start(text: str) -> str:
    """A text for a message: not too much of it."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
