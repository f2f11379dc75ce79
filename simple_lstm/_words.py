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
