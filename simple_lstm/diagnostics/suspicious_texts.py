"""What is lost of texts on their way into a model, and in which form they come."""

from __future__ import annotations

import contextlib
import re
import string
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from simple_lstm._input_checks import check_texts
from simple_lstm._writing_systems import start, without_spaces
from simple_lstm.diagnostics.as_arrays import Part, is_text, some
from simple_lstm.diagnostics.model_facts import cutter_of, parts_of
from simple_lstm.diagnostics.suspicions import TERM, Row

_SIGNS = re.escape(string.punctuation)
# Punctuation between letters, or a space that TensorFlow does not cut at. An apostrophe
# inside a word is no loss.
_GLUED = re.compile(
    rf"(?<=[^\s{_SIGNS}])(?!(?<=[^\W_])'[^\W_])[{_SIGNS}]+(?=[^\s{_SIGNS}])"
    r"|(?<=\S)[^\S \t\n\v\f\r](?=\S)"
)


def words_not_read(model: keras.Model, texts: Sequence[str]) -> np.ndarray:
    """How many words at the end of each text are beyond what a model reads.

    A model of texts has a length at which it cuts, in silence.

    Parameters
    ----------
    model : keras.Model
        A functional or Sequential model of strings with a
        `keras.layers.TextVectorization` in it.
    texts : sequence of str
        Texts to be read.

    Returns
    -------
    numpy.ndarray of int, shape (samples,)
        0 for a text that is read to its end.

    Raises
    ------
    ValueError
        If the model has no such layer.

    Examples
    --------
    >>> import keras
    >>> from simple_lstm import diagnostics
    >>> cut = keras.layers.TextVectorization(
    ...     vocabulary=["yes", "no"], output_sequence_length=4
    ... )
    >>> model = keras.Sequential([keras.Input((), dtype="string"), cut])
    >>> diagnostics.words_not_read(model, ["yes", "no, no, no, no, no, yes"])
    array([0, 2])
    """
    check_texts(texts, "words_not_read")
    parts = parts_of(model)  # those inside other models, too
    cutters = [part for part in parts if isinstance(part, layers.TextVectorization)]
    if len(cutters) != 1:
        raise ValueError(
            f"words_not_read: the model has {len(cutters) or 'no'} TextVectorization "
            "layers, and needs one, which cuts texts into words."
        )
    settings = cutters[0].get_config()
    if settings["output_mode"] != "int":  # a bag of words has room for any text
        return np.zeros(len(texts), dtype=int)
    # Only the number of words matters, so any vocabulary will do.
    settings |= {"vocabulary": ["any"], "vocabulary_size": None, "max_tokens": None}
    settings |= {"output_sequence_length": None, "ragged": True}
    whole = layers.TextVectorization.from_config(settings)
    read_by = keras.Model(cutters[0].input, _what_is_read(cutters[0], parts))
    beyond = [np.zeros(0, dtype=int)]
    for first in range(0, len(texts), 256):  # a table of all texts may be too large
        given = tf.constant(list(texts[first : first + 256]))
        words = whole(given).row_lengths().numpy()
        parts_read = keras.tree.flatten(read_by(given))
        lengths = [np.count_nonzero(numbers, axis=1) for numbers in parts_read]
        beyond.append(words - np.max(lengths, axis=0))
    return np.concatenate(beyond)


def plain_strings(model: Any, part: Part) -> Iterator[Row]:
    """Texts in a form that ``fit`` does not take."""
    if part.plain_strings:
        yield (
            f"the texts of {part.name} are a list or array of str, which fit refuses",
            "make them an array of objects",
            "inputs = np.array(inputs, dtype=object)",
            "gallery/3_text/plot_1_classify_reviews.html",
        )


def glued_words(model: Any, part: Part) -> Iterator[Row]:
    """Words that become one because the model deletes what stands between them."""
    settings = cutter_of(model)
    plain = settings.get("standardize") == "lower_and_strip_punctuation"
    if not plain or settings.get("split") != "whitespace":
        return
    texts = _texts(part, 2000)
    glued = [text for text in texts if _GLUED.search(text)]
    if glued:
        piece = next(one for one in glued[0].split(" ") if _GLUED.search(one))
        became = re.sub(f"[{_SIGNS}]", "", piece).lower()
        yield (
            f"in {len(glued):,} of {len(texts):,} texts of {part.name} looked at, "
            f"words are glued together: {start(piece)} is read as {start(became)}",
            "set them apart, here and before predict",
            "texts = text.separate_words(texts)",
            f"{TERM}vocabulary",
        )


def few_without_spaces(model: Any, part: Part) -> Iterator[Row]:
    """Some texts that put no spaces between words; if most do, it is an error."""
    if cutter_of(model).get("split") != "whitespace":
        return
    texts = _texts(part, 1000)
    pieces = without_spaces(texts)
    if pieces:
        yield (
            f"{len(pieces):,} of {len(texts):,} texts of {part.name} looked at have no "
            f"spaces between their words: {start(pieces[0])} is read as one word",
            'give such texts a model of their own, with split="character"',
            "",
            f"{TERM}vocabulary",
        )


def cut_texts(model: keras.Model, part: Part) -> Iterator[Row]:
    """Texts that are longer than the model reads."""
    kept = [some(array.ravel(), 1000) for array in part.inputs if is_text(array)]
    if not cutter_of(model) or len(kept) != 1:
        return
    texts = kept[0].tolist()
    beyond = words_not_read(model, texts)
    cut = np.count_nonzero(beyond)
    if cut:
        yield (
            f"{cut:,} of {len(texts):,} texts of {part.name} looked at are longer than "
            f"the model reads: {beyond.sum():,} words at their ends are left out",
            f"let it read at least {beyond.max():,} words more: a larger time_steps or "
            "output_sequence_length",
            "",
            f"{TERM}padding",
        )


def _what_is_read(cutter: layers.Layer, parts: list[layers.Layer]) -> list[Any]:
    """What reaches the embeddings from the layer that cuts, or all that it cuts."""
    found = []
    for part in parts:
        if isinstance(part, layers.Embedding):
            with contextlib.suppress(ValueError):  # it reads something else
                keras.Model(cutter.input, part.input)
                found.append(part.input)
    return found or [cutter.output]


def _texts(part: Part, most: int) -> list[str]:
    found = [some(array.ravel(), most) for array in part.inputs if is_text(array)]
    return [str(text) for text in np.concatenate(found)] if found else []
