"""Do these texts have words, and as what numbers? For everything that splits texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simple_lstm._input_checks import check_texts
from simple_lstm._writing_systems import start, without_spaces
from simple_lstm.text.words import TokenSplit, check_split, cut_words, separate_words


def check_words(
    texts: Sequence[str],
    what: str,
    split: TokenSplit = "whitespace",
    read: Callable[[str], list[str]] = cut_words,
) -> None:
    """Refuse texts without words; print how many lose something when they are split.

    Parameters
    ----------
    texts : sequence of str
        What came.
    what : str
        Which function asks, to begin the message with: "text_classifier".
    split : {"whitespace", "character"}
        How they will be split.
    read : callable
        The words that are found in a text split at whitespace.

    Raises
    ------
    ValueError
        If they are not texts, have no words or a NUL, or if most of them have no spaces
        between their words and are to be split at spaces.
    """
    check_texts(texts, what)
    check_split(split, what)
    if not any(cut_words(text) for text in texts):
        raise ValueError(f"{what}: there is no word in the texts.")
    if any("\0" in text for text in texts):
        raise ValueError(
            f"{what}: there is a NUL character in the texts, which Keras cannot keep "
            "in a vocabulary. text.separate_words(texts) makes a space of it."
        )
    if split == "whitespace":
        _look_for_spaces(texts, what)
        _report_what_is_lost(texts, what, read)


def number_words(
    texts: Sequence[str],
    max_tokens: int | None = None,
    split: TokenSplit = "whitespace",
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Split texts as a `keras.layers.TextVectorization` does, and number the words.

    Parameters
    ----------
    texts : sequence of str
        At least one with a word in it.
    max_tokens : int, optional
        Size of the layer's vocabulary, 2 more than the words to number. All words are
        numbered if it is not given.
    split : {"whitespace", "character"}
        The layer's own setting.

    Returns
    -------
    words : list of str
        Each once, the most common first.
    numbers : numpy.ndarray of int, shape (words of all texts,)
        All texts, one after the other, each word as its index in ``words``; -1 if it is
        not among them.
    lengths : numpy.ndarray of int, shape (texts,)
        How many words each text has.
    """
    import keras
    import tensorflow as tf

    layer = keras.layers.TextVectorization(
        max_tokens=max_tokens, split=split, ragged=True
    )
    layer.adapt(tf.constant(list(texts)))
    numbers = layer(tf.constant(list(texts)))
    words = [str(word) for word in layer.get_vocabulary(include_special_tokens=False)]
    return words, numbers.values.numpy() - 2, numbers.row_lengths().numpy()


def _some(texts: Sequence[str], most: int) -> list[str]:
    """Evenly spaced texts, enough to see what they are like in little time."""
    return list(texts)[:: 1 + (len(texts) - 1) // most]


def _look_for_spaces(texts: Sequence[str], what: str) -> None:
    some = _some(texts, 1000)
    pieces = without_spaces(some)
    if not pieces:
        return
    if 2 * len(pieces) > len(some):
        raise ValueError(
            f"{what}: most of the texts have no spaces between their words: "
            f"{start(pieces[0])} would be one word. Split them into characters: pass "
            'split="character" here, and to everything else that reads these texts.'
        )
    print(
        f"{what}: of {len(some):,} texts checked, {len(pieces):,} have no spaces "
        f"between their words: {start(pieces[0])} is read as one word. Leave such "
        'texts out, or give them a model of their own, with split="character".'
    )


def _report_what_is_lost(
    texts: Sequence[str], what: str, read: Callable[[str], list[str]]
) -> None:
    some = _some(texts, 2000)
    lossy = [
        (text, separated)
        for text, separated in zip(some, separate_words(some), strict=True)
        if text != separated and read(text) != read(separated)
    ]
    if not lossy:
        return
    pieces = [(piece, separate_words([piece])[0]) for piece in lossy[0][0].split()]
    changed = [pair for pair in [*pieces, lossy[0]] if read(pair[0]) != read(pair[1])]
    came, due = (start(" ".join(read(text))) for text in changed[0])
    print(
        f"{what}: of {len(some):,} texts checked, {len(lossy):,} lose something when "
        f"they are split into words: {start(changed[0][0])} is read as {came}, not "
        f"{due}. Separate the words first, here and before predict: "
        "text.separate_words(texts)."
    )
