"""Samples that stand in the training data and in the validation data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simple_lstm.diagnostics.as_arrays import Part, is_text, some
from simple_lstm.diagnostics.suspicions import TERM, Row

_SHARE = 0.05  # some samples are alike without being the same one
_BITS = 32  # a sample that could be any of so many is not there twice by chance
_WORDS = 5  # nor is a text of so many words
_MOST = 100_000


def shared_windows(train: Any, validation: Any) -> list[Row] | None:
    """Compare windows of one series by their places; None if these are none."""
    ours, theirs = (getattr(one, "windows", one) for one in (train, validation))
    names = ("origins", "values")
    if not all(hasattr(one, name) for one in (ours, theirs) for name in names):
        return None
    if not np.array_equal(ours.values, theirs.values, equal_nan=True):
        return None
    same = len(np.intersect1d(ours.origins, theirs.origins))
    of_all = f"{same:,} of {len(theirs.origins):,} samples of validation"
    what = f"{of_all} stand in train, too"
    return [_row(what, _SPLIT_SERIES)] if same else []


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
        what = f"{same:,} of {len(samples):,} samples of validation looked at stand in "
        yield _row(f"{what}train, too", _how_to_split(train))
        return
    both = zip(train.inputs, validation.inputs, strict=True)
    if not train.batches and any(_are_neighbors(*pair) for pair in both):
        yield _row(
            "most samples of validation looked at have their time steps in samples of "
            "train, as windows of one series do that were mixed before the split",
            _SPLIT_SERIES,
        )


_SPLIT_SERIES = (
    "split the series in time before you make windows of it, for example",
    "split = forecasting.time_split(series); train, validation, test = "
    "forecasting.make_windows(series, lookback, horizon, split=split)",
)


def _row(what: str, cure: tuple[str, str]) -> Row:
    return (what, *cure, f"{TERM}validation-data")


def _how_to_split(train: Part) -> tuple[str, str]:
    if not train.batches:
        return (
            "split once, for example",
            "cut = len(inputs) * 8 // 10; train = inputs[:cut], targets[:cut]; "
            "validation = inputs[cut:], targets[cut:]",
        )
    if is_text(train.inputs[0]):
        return (
            "split whole texts before you make datasets of them, for example",
            "train, validation, test = datasets.split_texts(texts)",
        )
    return _SPLIT_SERIES


def _are_neighbors(train: np.ndarray, validation: np.ndarray) -> bool:
    """Whether most validation windows begin and end inside windows of training.

    Windows of a later time may begin there, but do not end there. Silent where values
    come again, as in periods or whole numbers: there a step has several next ones, or
    several windows begin with it.
    """
    if train.ndim != 3 or train.shape[1] < 3 or is_text(train):
        return False
    steps = _numbered(some(train, 10_000))
    pairs = _distinct(_paired(steps))
    one_next = len(pairs) <= 1.1 * len(_distinct(steps))
    own_start = len(_distinct(steps[:, 0])) >= 0.95 * len(steps)
    a_step_apart = len(pairs) <= 2 * len(train) + train.shape[1]
    if not (one_next and own_start and a_step_apart):
        return False
    ends = _paired(_numbered(some(validation, 500)))[:, [0, -1]]
    places = np.searchsorted(pairs, ends).clip(max=len(pairs) - 1)
    are_seen = (pairs[places] == ends).all(axis=1) & (ends[:, 0] != ends[:, 1])
    return bool(are_seen.mean() > 0.5)


def _distinct(numbers: np.ndarray) -> np.ndarray:
    """In order; np.unique of NumPy 2.4 takes ten times as long."""
    ordered = np.sort(numbers, axis=None)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])]


def _numbered(array: np.ndarray) -> np.ndarray:
    """A number for each time step (samples, steps), the same for the same features."""
    bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    odd = np.random.default_rng(0).integers(1, 2**63, array.shape[2], dtype=np.uint64)
    return (bits.astype(np.uint64) * (2 * odd + 1)).sum(axis=2, dtype=np.uint64)


def _paired(steps: np.ndarray) -> np.ndarray:
    """A number for each two steps that follow each other."""
    return steps[:, :-1] * np.uint64(0x9E3779B97F4A7C15) + steps[:, 1:]


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
