"""Training that can be repeated, stops in time, and keeps the best weights."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd

from simple_lstm._checking import (
    check_numbers,
    check_targets,
    check_texts,
    fits,
    loss_of,
)
from simple_lstm._words import check_words
from simple_lstm.batches import TextBatches, TextStreams
from simple_lstm.models import words_not_read
from simple_lstm.preprocessing import Windows
from simple_lstm.words import Split

Data = Windows | TextStreams | tuple[np.ndarray | Sequence[str], np.ndarray]


@dataclass(frozen=True, repr=False)
class History:
    """What happened in each epoch of a training.

    Attributes
    ----------
    table : pandas.DataFrame
        One row an epoch, counted from 1; columns as Keras names them (``loss``,
        ``val_loss``, ``mae``, …).
    seconds : float
        Wall-clock time of the training.
    """

    table: pd.DataFrame
    seconds: float

    @property
    def best_epoch(self) -> int:
        """The epoch of the lowest validation loss, whose weights the model keeps."""
        if self.table["val_loss"].isna().all():
            raise ValueError(
                "every validation loss is NaN: look for missing or huge values in the "
                "data, or take a smaller learning rate."
            )
        return 1 + int(self.table["val_loss"].argmin())

    def __repr__(self) -> str:
        best = self.table.loc[self.best_epoch]
        values = ", ".join(f"{name} {value:.4g}" for name, value in best.items())
        return (
            f"{len(self.table)} epochs in {self.seconds:.0f} s; "
            f"best epoch {self.best_epoch}: {values}"
        )


def fit(
    model: keras.Model,
    train: Data,
    *,
    validation: Data,
    epochs: int,
    patience: int = 3,
    batch_size: int = 64,
    seed: int = 0,
    progress: bool | Literal["auto"] = "auto",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Train a compiled model; stop early and keep the best weights.

    This is ``model.fit`` with `keras.callbacks.EarlyStopping` on the validation loss
    and a seed for the order of the samples.

    Parameters
    ----------
    model : keras.Model
        Compiled. It is trained in place.
    train, validation : Windows, TextStreams or tuple of two arrays
        Windows are cut batch by batch. Streams of text are read in their order; before
        each pass over one of them the state of the model becomes zero. A tuple holds
        inputs and labels; inputs are an array (samples, time_steps, features), or texts
        as a sequence of str for a model that takes text. Texts of like length share a
        batch, and printed lines say how many are longer than the model reads, or lose
        something when they are cut into words.
    epochs : int
        Passes over the training data, at most.
    patience : int
        Stop after so many epochs without a lower validation loss.
    batch_size : int
        Samples in a batch; streams of text have their own.
    seed : int
        The same seed gives the same order of samples. It is also set as the seed of
        Python, NumPy and Keras; what a layer drew when it was built stays.
    progress : bool or "auto"
        Whether to show a line for each epoch; "auto" does so in a terminal and in a
        notebook.
    callbacks : sequence of keras.callbacks.Callback
        What else is to be done during training.

    Returns
    -------
    History
        Losses and metrics of each epoch; ``best_epoch`` is the one that was kept.

    Raises
    ------
    ValueError
        If inputs and labels do not fit together, are of the wrong shape, are text for
        a model that takes numbers, have gaps (NaN), or are to be cut at spaces and most
        texts have none between their words.

    References
    ----------
    Prechelt, L. (1998). Early stopping - but when? In *Neural Networks: Tricks of the
    Trade*, 55-69. Springer.

    Examples
    --------
    >>> from simple_lstm import datasets, models, training
    >>> sequences, labels = datasets.make_sequences(60)
    >>> history = training.fit(
    ...     models.sequence_classifier(sequences, units=4),
    ...     (sequences[:40], labels[:40]),
    ...     validation=(sequences[40:], labels[40:]),
    ...     epochs=2,
    ... )
    >>> len(history.table)
    2
    """
    if epochs < 1:
        raise ValueError(f"fit(epochs={epochs}): train for at least 1 epoch.")
    keras.utils.set_random_seed(seed)
    stop = keras.callbacks.EarlyStopping(
        patience=patience, restore_best_weights=True, monitor="val_loss"
    )
    started = time.perf_counter()
    log = model.fit(
        **_training_data(model, train, batch_size, seed),
        validation_data=_validation_data(model, validation, batch_size),
        epochs=epochs,
        callbacks=[stop, _StartFromZero(), *callbacks],
        verbose=2 if _show(progress) else 0,
    )
    table = pd.DataFrame(log.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    return History(table, time.perf_counter() - started)


def _training_data(
    model: keras.Model, train: Data, batch_size: int, seed: int
) -> dict[str, Any]:
    if isinstance(train, Windows):
        _check_windows(model, train, "train")
        return {"x": train.batches(batch_size, shuffle=True, seed=seed)}
    if isinstance(train, TextStreams):
        return {"x": train, "shuffle": False}  # or no row would go on in the next batch
    inputs, labels = _arrays(model, train, "train")
    if inputs.dtype == object:
        characters = _cutting(model).get("split") == "character"
        split: Split = "character" if characters else "whitespace"
        texts = inputs.tolist()
        return {"x": TextBatches(texts, labels, batch_size, split=split, seed=seed)}
    return {"x": inputs, "y": labels, "batch_size": batch_size}


def _validation_data(model: keras.Model, validation: Data, batch_size: int) -> Any:
    if isinstance(validation, Windows):
        _check_windows(model, validation, "validation")
        return validation.batches(8 * batch_size)  # no gradients: room for more
    if isinstance(validation, TextStreams):
        return validation
    return _arrays(model, validation, "validation")


def _check_windows(model: keras.Model, windows: Windows, name: str) -> None:
    """Refuse windows of other sizes, or of more digits, than the model takes."""
    came = [(windows.lookback, len(windows.columns))]
    if windows.known_columns:
        came.append((windows.horizon, len(windows.known_columns)))
    takes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if len(takes) != len(came) or not all(map(fits, came, takes)):
        raise ValueError(
            f"fit: the windows of {name} have inputs of shape "
            f"{' and '.join(map(str, came))}, but the model takes "
            f"{' and '.join(map(str, takes))}. Make all windows with the same sizes, "
            "and the model for them."
        )
    targets = (len(windows), windows.horizon)
    check_targets(model, targets, f"fit: the targets of {name}")
    if windows.values.dtype == np.float64 and model.inputs[0].dtype != "float64":
        raise ValueError(
            f"fit: the windows of {name} hold float64, because float32 would round "
            f"their values, but the model takes {model.inputs[0].dtype}. Begin it with "
            f'keras.Input({takes[0]}, dtype="float64") and '
            'keras.layers.Normalization(dtype="float64"), end it with '
            'keras.layers.Rescaling(spread, offset=level, dtype="float64"), and '
            'compile it with keras.losses.MeanAbsoluteError(dtype="float64").'
        )


class _StartFromZero(keras.callbacks.Callback):
    """Before each pass over data, forget what a stateful layer read in the last one."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._reset()

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._reset()

    def _reset(self) -> None:
        for layer in self.model._flatten_layers():  # those inside other models, too
            if getattr(layer, "stateful", False):
                layer.reset_states()


def _arrays(
    model: keras.Model, data: tuple[Any, Any], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and labels as arrays that Keras takes, or an error that says why not."""
    if not (isinstance(data, tuple) and len(data) == 2):
        raise ValueError(
            f"fit: {name} is a {type(data).__name__}; expected windows, or a pair "
            "(inputs, labels)."
        )
    given, labels = data[0], np.asarray(data[1])
    if isinstance(given, pd.DataFrame):
        given = given.to_numpy()
    if len(given) == 0:
        raise ValueError(f"fit: {name} holds no samples.")
    if keras.ops.is_tensor(given) and given.dtype == "string":
        given = [text.decode() for text in given.numpy().ravel()]
    takes_text = model.inputs[0].dtype == "string"
    is_text = any(isinstance(one, str) for one in given)
    if is_text != takes_text:
        due, came = ("text", "numbers") if takes_text else ("numbers", "text")
        raise ValueError(f"fit: the model takes {due}, but {name} holds {came}.")
    if takes_text:
        check_texts(given, f"fit: the inputs of {name}")
        inputs = np.array(list(given), dtype=object)  # Keras refuses arrays of str
        _report_cuts(model, inputs.tolist(), name)
    else:
        inputs = np.asarray(given)
        if inputs.dtype == object:
            inputs = inputs.astype(float)
        check_numbers(inputs, model.inputs[0].shape, f"fit: the inputs of {name}")
    if len(inputs) != len(labels):
        raise ValueError(
            f"fit: {name} has {len(inputs):,} inputs but {len(labels):,} labels."
        )
    check_targets(model, labels.shape, f"fit: the labels of {name}")
    # Keras aligns shapes for its own losses; one from elsewhere would broadcast.
    own = loss_of(model)[1] != "keras"
    if own and tuple(model.output_shape[1:]) == (*labels.shape[1:], 1):
        labels = labels[..., np.newaxis]
    missing = int(pd.isna(labels).sum())
    if missing:
        raise ValueError(
            f"fit: {missing:,} labels of {name} are missing (NaN). Leave out those "
            "samples."
        )
    if model.loss == "binary_crossentropy" and not np.isin(labels, [0, 1]).all():
        found = ", ".join(map(str, np.unique(labels)[:4]))
        raise ValueError(
            f"fit: the labels of {name} are {found}; a model of two classes needs 0 "
            "and 1."
        )
    return inputs, labels


def _cutting(model: keras.Model) -> dict[str, Any]:
    """The settings of the layer that cuts texts into words; empty if not just one."""
    parts = model._flatten_layers()  # those inside other models, too
    cutters = [p for p in parts if isinstance(p, keras.layers.TextVectorization)]
    return cutters[0].get_config() if len(cutters) == 1 else {}


def _report_cuts(model: keras.Model, texts: list[str], name: str) -> None:
    """Say how much of the texts is lost, if anything is."""
    cuts = _cutting(model)
    if not cuts:
        return
    if cuts["standardize"] == "lower_and_strip_punctuation":
        check_words(texts, f"fit: the inputs of {name}", cuts["split"])
    not_read = words_not_read(model, texts)
    cut = np.count_nonzero(not_read)
    if cut:
        print(
            f"fit: {cut:,} of the {len(not_read):,} texts of {name} are longer than "
            f"the model reads: {not_read.sum():,} words at their ends are left out. "
            "Build it with more time_steps to read them."
        )


def _show(progress: bool | Literal["auto"]) -> bool:
    if progress != "auto":
        return progress
    if os.environ.get("SIMPLE_LSTM_DOCS_BUILD"):
        return False
    return sys.stdout.isatty() or "ipykernel" in sys.modules
