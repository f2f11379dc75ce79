"""What is wrong with a model and its data, found before training.

`diagnose` looks at a compiled Keras model and at what it is about to be fitted on. What
cannot be right is an error that says how to mend it. What seldom is right becomes a row
with its remedy and the page of the site that explains it.
"""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from simple_lstm import _suspicions, _suspicious_texts
from simple_lstm._checking import check_texts
from simple_lstm._fit_data import Part, is_text, merge, read, some
from simple_lstm._model_facts import cutter_of, parts_of
from simple_lstm._overlap import overlap
from simple_lstm._refused_inputs import check_inputs, check_model, check_number
from simple_lstm._refused_targets import check_targets
from simple_lstm._suspicions import TERM, Row


@dataclass(frozen=True)
class Suspicion:
    """Something that may be right, but seldom is.

    Attributes
    ----------
    what : str
        What was found.
    remedy : str
        What to do about it if it is not meant.
    page : str
        The page of the site that explains it, from the site's first page.
    """

    what: str
    remedy: str
    page: str


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found.

    Attributes
    ----------
    suspicions : tuple of Suspicion
        In the order in which they were looked for; empty if there are none.
    looked_at : str
        How much of the data was looked at.
    """

    suspicions: tuple[Suspicion, ...]
    looked_at: str

    @property
    def table(self) -> pd.DataFrame:
        """One row a suspicion, with the columns ``what``, ``remedy`` and ``page``."""
        return pd.DataFrame(self.suspicions, columns=["what", "remedy", "page"])

    def __repr__(self) -> str:
        number = len(self.suspicions) or "no"
        return f"<Diagnosis: {number} suspicion{'s' * (number != 1)}>"


def diagnose(model: keras.Model, train: Any, validation: Any = None) -> Diagnosis:
    """Find what is wrong with a model and its data, before ``model.fit``.

    It trains nothing and changes nothing, and takes a second or less.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, compiled.
    train, validation : tuple, keras.utils.PyDataset or tf.data.Dataset
        What ``fit`` is to be given. Of a pair ``(inputs, targets)`` all numbers are
        checked for missing values, and evenly spaced samples for the rest. Of a data
        set the first three batches are read, in their order.

    Returns
    -------
    Diagnosis
        The suspicions. They are printed, too.

    Raises
    ------
    ValueError
        If something cannot be right: the model is not compiled or not built; the data
        are empty, of another shape or kind than the model takes, differ in number, have
        missing or infinite values, or more digits than float32; targets fit their
        output only by broadcasting, or are not the classes that the loss counts; most
        texts have no spaces between words and are to be cut at spaces; or ``fit``
        refuses the type, such as a list of str. The error says what to do.

    Examples
    --------
    >>> import keras
    >>> import numpy as np
    >>> from simple_lstm import diagnostics
    >>> model = keras.Sequential(
    ...     [keras.Input((12, 1)), keras.layers.LSTM(4), keras.layers.Dense(1)]
    ... )
    >>> model.compile("adam", loss="mse")
    >>> inputs = np.random.default_rng(0).normal(size=(100, 12, 1))
    >>> diagnostics.diagnose(model, (inputs, np.ones(80)))
    Traceback (most recent call last):
        ...
    ValueError: diagnose: train has 100 inputs but 80 targets. Give one target for each
    sample; the first axis of both is the samples.
    >>> found = diagnostics.diagnose(model, (inputs, inputs[:, -1]))
    diagnose: nothing suspicious in 100 samples of train.
    >>> found
    <Diagnosis: no suspicions>
    """
    check_model(model, train)
    with np.errstate(over="ignore", invalid="ignore"):  # huge numbers are found, too
        parts = [_checked(model, train, "train")]
        if validation is not None:
            parts.append(_checked(model, validation, "validation"))
        rows = tuple(Suspicion(*row) for row in _suspected(model, parts))
    found = Diagnosis(rows, " and ".join(map(str, parts)))
    _report(found)
    return found


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


def _what_is_read(cutter: layers.Layer, parts: list[layers.Layer]) -> list[Any]:
    """What reaches the embeddings from the layer that cuts, or all that it cuts."""
    found = []
    for part in parts:
        if isinstance(part, layers.Embedding):
            with contextlib.suppress(ValueError):  # it reads something else
                keras.Model(cutter.input, part.input)
                found.append(part.input)
    return found or [cutter.output]


def _cut_texts(model: keras.Model, part: Part) -> Iterator[Row]:
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
            f"{TERM}padding",
        )


_OF_TRAIN = (
    _suspicions.unscaled,
    _suspicions.constant_columns,
    _suspicions.few_long_samples,
    _suspicions.padding,
    _suspicions.labels,
    _suspicions.activation,
    _suspicions.one_softmax,
    _suspicions.own_loss,
    _suspicions.far_targets,
    _suspicions.learning_rate,
)
_OF_TEXTS = (
    _suspicious_texts.glued_words,
    _suspicious_texts.few_without_spaces,
    _cut_texts,
)


def _checked(model: keras.Model, data: Any, name: str) -> Part:
    parts = read(model, data, name)
    for part in parts:
        check_inputs(model, part)
        check_number(model, part)
        check_targets(model, part)
    return merge(parts)


def _suspected(model: keras.Model, parts: list[Part]) -> Iterator[Row]:
    for check in _OF_TRAIN:
        yield from check(model, parts[0])
    for part in parts:
        for check in _OF_TEXTS:
            yield from check(model, part)
    if len(parts) == 2:
        yield from overlap(*parts)


def _report(found: Diagnosis) -> None:
    rows = found.suspicions
    if not rows:
        print(f"diagnose: nothing suspicious in {found.looked_at}.")
        return
    count = f"{len(rows)} suspicion{'s' * (len(rows) != 1)}"
    print(f"diagnose: {count} in {found.looked_at}.")
    for number, row in enumerate(rows, 1):
        for sign, text in ((f"{number}.", row.what), ("", row.remedy), ("", row.page)):
            print(textwrap.fill(f"{sign:3}{text}", 88, subsequent_indent="   "))
