"""Data to learn on: shipped with the package, or made from a seed."""

import hashlib
import io
from importlib.resources import files

import numpy as np
import pandas as pd

_TRAFFIC_SHA256 = "6170c1204f769bf9588a286a785ad3df1834583e7e97ee4d0d003758bbb81f56"


def load_traffic() -> pd.DataFrame:
    """Two years of hourly traffic on a motorway, with the weather.

    Vehicles on Interstate 94, westbound, between Minneapolis and Saint Paul,
    from 2016-10-01 to 2018-09-30. Hours in which nothing was recorded are rows
    of NaN.

    Returns
    -------
    pandas.DataFrame
        17,520 rows, one an hour in local time, and the columns ``vehicles``
        (vehicles/h), ``temperature`` (°C), ``rain`` (mm/h), ``clouds`` (%).

    Raises
    ------
    ValueError
        If the file shipped with the package has been damaged.

    References
    ----------
    Hogue, J. (2019). *Metro Interstate Traffic Volume* [data set]. UCI Machine
    Learning Repository. https://doi.org/10.24432/C5X60B (CC BY 4.0)

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> traffic = datasets.load_traffic()
    >>> traffic.shape
    (17520, 4)
    >>> int(traffic["vehicles"].isna().sum())
    104
    """
    raw = (files("simple_lstm") / "data" / "traffic.csv.gz").read_bytes()
    found = hashlib.sha256(raw).hexdigest()
    if found != _TRAFFIC_SHA256:
        raise ValueError(
            "load_traffic(): the shipped file traffic.csv.gz is damaged: its SHA-256 "
            f"is {found[:12]}…, expected {_TRAFFIC_SHA256[:12]}…. "
            "Install simple_lstm again."
        )
    traffic = pd.read_csv(
        io.BytesIO(raw), compression="gzip", index_col="time", parse_dates=["time"]
    )
    return traffic.astype(float).asfreq("h")


def make_sequences(
    samples: int, *, time_steps: int = 60, noise: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Labelled sequences in which the order of events decides the label.

    Each sequence is noise with four pulses in it, two up and two down, at random
    times. The label is 1 if the last pulse points the same way as the first, else
    0. Every sequence has the same pulses, so its mean, minimum and maximum say
    nothing, and turning a sequence upside down does not change its label, so a
    weighted sum of the time steps says nothing either: a model has to remember.

    Parameters
    ----------
    samples : int
        How many sequences; half of them (one more if odd) have the label 0.
    time_steps : int
        Length of a sequence, at least 8.
    noise : float
        Standard deviation of the noise; a pulse is 1 high.
    seed : int
        The same seed gives the same sequences.

    Returns
    -------
    sequences : numpy.ndarray, float32, shape (samples, time_steps, 1)
        One feature at each time step.
    labels : numpy.ndarray, int, shape (samples,)
        0 or 1, in random order.

    Raises
    ------
    ValueError
        If there is no sample, or a sequence has no room for four pulses.

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> sequences, labels = datasets.make_sequences(100, time_steps=40)
    >>> sequences.shape, labels.shape
    ((100, 40, 1), (100,))
    """
    if samples < 1:
        raise ValueError(f"make_sequences({samples}): ask for at least 1 sample.")
    if time_steps < 8:
        raise ValueError(
            f"make_sequences(time_steps={time_steps}): four pulses with a step between "
            "them need at least 8 time steps."
        )
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(samples) % 2)
    sequences = rng.normal(0, noise, (samples, time_steps, 1))
    for sequence, label in zip(sequences[..., 0], labels, strict=True):
        sequence[_pulse_times(rng, time_steps)] += _pulse_signs(rng, label)
    return sequences.astype(np.float32), labels


def _pulse_times(rng: np.random.Generator, time_steps: int) -> np.ndarray:
    """Four sorted times, no two of them side by side."""
    return np.sort(rng.choice(time_steps - 3, 4, replace=False)) + np.arange(4)


def _pulse_signs(rng: np.random.Generator, label: int) -> np.ndarray:
    """Two +1 and two -1; the last equals the first if the label is 1."""
    first = rng.choice([-1, 1])
    if label == 1:
        return np.array([first, -first, -first, first])
    middle = rng.permutation([first, -first])
    return np.array([first, *middle, -first])
