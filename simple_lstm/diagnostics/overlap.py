"""Samples that stand in the training data and in the validation data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simple_lstm.diagnostics.as_arrays import Part, is_text, some
from simple_lstm.diagnostics.suspicions import TERM, Row

_SHARE = 0.05  # some samples are alike without being the same one
_BITS = 32  # a sample that could be any of so many is not there twice by chance
_WORDS = 5  # nor is a text of so many words
_MOST = 100_000


def overlap(train: Part, validation: Part) -> Iterator[Row]:
    """Count the validation samples that are identical to one of training.

    Short texts, sequences of a few symbols and flat stretches of a series come up again
    by chance: they are not counted.
    """
    ours = [_fingerprints(some(array, _MOST)) for array in train.inputs]
    theirs = [_fingerprints(some(array, 10_000)) for array in validation.inputs]
    seen = set(zip(*ours, strict=True))
    samples = list(zip(*theirs, strict=True))
    telling = [one for one in samples if any(part is not None for part in one)]
    same = sum(one in seen for one in telling)
    if same >= 2 and same >= _SHARE * len(samples):
        yield (
            f"{same:,} of {len(samples):,} samples of validation looked at stand in "
            "train, too",
            _how_to_split(train),
            f"{TERM}validation-data",
        )


def _how_to_split(train: Part) -> str:
    if not train.batches:
        return (
            "split once, for example: cut = len(inputs) * 8 // 10; train = "
            "inputs[:cut], targets[:cut]; validation = inputs[cut:], targets[cut:]"
        )
    if is_text(train.inputs[0]):
        return (
            "split whole texts before you make datasets of them, for example: "
            "train, validation, test = datasets.split_texts(texts)"
        )
    return (
        "split before you make datasets, for example: split = "
        "forecasting.time_split(series); train, validation, test = "
        "forecasting.make_windows(series, lookback, horizon, split=split)"
    )


def _fingerprints(array: np.ndarray) -> list[int | None]:
    """A number for each sample that could not be there twice by chance, else None."""
    rows = array.reshape(len(array), -1)
    if is_text(array):
        texts = [" ".join(row) for row in rows.tolist()]
        return [hash(one) if len(one.split()) >= _WORDS else None for one in texts]
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    bits = np.log2(1 + len(np.unique(some(rows, 200))))
    telling = np.count_nonzero(rows, axis=1) * bits >= _BITS
    if array.ndim == 3:
        telling &= (array != array[:, :1]).any(axis=(1, 2))  # a flat stretch
    return [
        hash(row.tobytes()) if tells else None
        for row, tells in zip(rows, telling, strict=True)
    ]
