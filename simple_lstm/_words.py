"""Texts cut into words, in the one way that models and word vectors share."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf


def cut(
    texts: Sequence[str], most: int | None = None
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Cut texts as a `keras.layers.TextVectorization` does.

    Parameters
    ----------
    texts : sequence of str
        At least one with a word in it.
    most : int, optional
        How many words to number; all of them if not given.

    Returns
    -------
    words : list of str
        Each once, the commonest first.
    numbers : numpy.ndarray of int, shape (words of all texts,)
        Every text, one after the other, each word as its place in ``words``; -1 if it
        is not among them.
    lengths : numpy.ndarray of int, shape (texts,)
        How many words each text has.
    """
    tokens = None if most is None else most + 2
    layer = keras.layers.TextVectorization(max_tokens=tokens, ragged=True)
    layer.adapt(tf.constant(list(texts)))
    numbers = layer(tf.constant(list(texts)))
    words = [str(word) for word in layer.get_vocabulary(include_special_tokens=False)]
    return words, numbers.values.numpy() - 2, numbers.row_lengths().numpy()


def check(texts: Sequence[str], what: str) -> None:
    """Refuse what is not a sequence of texts with at least one word.

    Parameters
    ----------
    texts : sequence of str
        What came.
    what : str
        Who asks, to begin the error with.

    Raises
    ------
    ValueError
        If it is a single text, holds something that is no text, or is empty.
    """
    if isinstance(texts, str):
        raise ValueError(
            f"{what}: texts is one text; give a list of them: [text], or its lines, "
            "text.splitlines()."
        )
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise ValueError(
            f"{what}: {len(wrong):,} of the {len(texts):,} texts are not text; the "
            f"first is {wrong[0]!r}. Leave out what is missing."
        )
    if not any(text.strip() for text in texts):
        raise ValueError(f"{what}: there is no word in the texts.")
