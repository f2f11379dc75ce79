"""Each check in its turn, and how what they find is shown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import keras
import numpy as np
import pandas as pd

from simple_lstm.diagnostics import suspicions, suspicious_targets, suspicious_texts
from simple_lstm.diagnostics.as_arrays import Part, merge, read
from simple_lstm.diagnostics.errors_in_inputs import (
    check_batch_size,
    check_inputs,
    check_model,
    check_number,
)
from simple_lstm.diagnostics.errors_in_targets import check_targets
from simple_lstm.diagnostics.overlap import overlap, shared_windows
from simple_lstm.diagnostics.suspicions import Row


@dataclass(frozen=True)
class Suspicion:
    """Something that may be right, but seldom is.

    Attributes
    ----------
    what : str
        What was found.
    remedy : str
        What to do about it if it is not meant.
    code : str
        The code of that; empty if it is not done by code.
    page : str
        The page of the site that explains it, from the site's first page.
    """

    what: str
    remedy: str
    code: str
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
        """One row a suspicion: columns ``what``, ``remedy``, ``code`` and ``page``."""
        columns = [field.name for field in fields(Suspicion)]
        return pd.DataFrame(self.suspicions, columns=columns)

    def __repr__(self) -> str:
        rows = self.suspicions
        if not rows:
            return _wrapped(f"diagnose: nothing suspicious in {self.looked_at}.")
        count = f"{len(rows)} suspicion{'s' * (len(rows) != 1)}"
        lines = [_wrapped(f"diagnose: {count} in {self.looked_at}.")]
        for number, row in enumerate(rows, 1):
            lines += [_wrapped(f"{number}. {row.what}")]
            lines += [_wrapped(f"   {row.remedy}" + ":" * bool(row.code))]
            lines += [f"       {one}" for one in row.code.split("; ") if one]
            lines += [f"   {row.page}"]
        return "\n".join(lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 79, subsequent_indent="   ")


def diagnose(model: keras.Model, train: Any, validation: Any = None) -> Diagnosis:
    """Find what is wrong with a model and its data, before ``model.fit``.

    It trains nothing and changes nothing, and takes a second or less.

    Parameters
    ----------
    model : keras.Model
        Functional or Sequential, compiled.
    train, validation : tuple, keras.utils.PyDataset or tf.data.Dataset
        What ``fit`` is to be given. Of a pair ``(inputs, targets)``, perhaps with the
        weights of the samples after it, all numbers are checked for missing values, and
        evenly spaced samples for the rest. Of a dataset three batches are read: first,
        middle and last, or, of one that can only be read in order, the first three.

    Returns
    -------
    Diagnosis
        The suspicions. They are printed, too, as they are shown by ``repr``.

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
    diagnose: nothing suspicious in 100 samples of train.
    """
    check_model(model, train)
    with np.errstate(over="ignore", invalid="ignore"):  # huge numbers are found, too
        data, parts = [train], [_checked(model, train, "train")]
        if validation is not None:
            data.append(validation)
            parts.append(_checked(model, validation, "validation"))
        rows = tuple(Suspicion(*row) for row in _suspected(model, parts, data))
    found = Diagnosis(rows, " and ".join(map(str, parts)))
    print(found)
    return found


_OF_TRAIN = (
    suspicions.unscaled,
    suspicions.constant_columns,
    suspicions.few_long_samples,
    suspicions.padding,
    suspicious_targets.labels,
    suspicions.activation,
    suspicions.one_softmax,
    suspicious_targets.own_loss,
    suspicious_targets.far_targets,
    suspicions.learning_rate,
)
_OF_TEXTS = (
    suspicious_texts.plain_strings,
    suspicious_texts.glued_words,
    suspicious_texts.few_without_spaces,
    suspicious_texts.cut_texts,
)


def _checked(model: keras.Model, data: Any, name: str) -> Part:
    parts = read(model, data, name)
    for part in parts:
        check_inputs(model, part)
        check_number(model, part)
        check_targets(model, part)
    check_batch_size(model, parts, data)
    return merge(parts)


def _suspected(model: keras.Model, parts: list[Part], data: list[Any]) -> Iterator[Row]:
    for check in _OF_TRAIN:
        yield from check(model, parts[0])
    for part in parts:
        for check in _OF_TEXTS:
            yield from check(model, part)
    if len(parts) == 2:
        known = shared_windows(*data)
        yield from overlap(*parts) if known is None else known
