"""Sequences made from a seed: see `simple_lstm.datasets`."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_sequences(
    samples: int, *, time_steps: int = 60, noise: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Labeled sequences in which the order of events decides the label.

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


def make_adding_problem(
    samples: int, *, time_steps: int = 100, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sequences in which two marked numbers, far from the end, have to be added.

    Of every sequence of random numbers two are marked: one among the first ten, one
    more in the first half. The target is their sum, scaled to 0 to 1. To know it at
    the end, a model must notice both numbers, keep them, and ignore all others.

    This is experiment 4 of the paper below, but for one thing: there the length varies
    by up to a tenth, here all sequences are equally long.

    Parameters
    ----------
    samples : int
        How many sequences.
    time_steps : int
        Length of a sequence, at least 20.
    seed : int
        The same seed gives the same sequences.

    Returns
    -------
    sequences : numpy.ndarray, float32, shape (samples, time_steps, 2)
        Feature 0 is a number from -1 to 1. Feature 1 is its mark: 1 for the two to
        add, -1 for the first and the last step, else 0. If the very first number is
        marked, it is 0.
    targets : numpy.ndarray, float32, shape (samples,)
        0.5 + (first marked number + second marked number) / 4. The paper counts an
        answer as right if it is off by less than 0.04.

    Raises
    ------
    ValueError
        If there is no sample, or the first half has no room for both marks.

    References
    ----------
    Hochreiter, S., & Schmidhuber, J. (1997). Long short-term memory. *Neural
    Computation*, 9(8), 1735-1780.

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> sequences, targets = datasets.make_adding_problem(5, time_steps=50)
    >>> sequences.shape, targets.shape
    ((5, 50, 2), (5,))
    """
    if samples < 1:
        raise ValueError(f"make_adding_problem({samples}): ask for at least 1 sample.")
    if time_steps < 20:
        raise ValueError(
            f"make_adding_problem(time_steps={time_steps}): a mark among the first ten "
            "steps and another in the first half need at least 20 time steps."
        )
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(-1, 1, (samples, time_steps))
    first = rng.integers(0, 10, samples)
    second = rng.integers(0, time_steps // 2 - 1, samples)
    second += second >= first  # the step of the first mark is left out
    rows = np.arange(samples)
    numbers[rows[first == 0], 0] = 0
    numbers[rows[second == 0], 0] = 0
    marks = np.zeros((samples, time_steps))
    marks[:, [0, -1]] = -1
    marks[rows, first] = marks[rows, second] = 1
    targets = 0.5 + (numbers[rows, first] + numbers[rows, second]) / 4
    sequences = np.stack([numbers, marks], axis=-1)
    return sequences.astype(np.float32), targets.astype(np.float32)


def make_brackets(
    samples: int, *, time_steps: int = 60, deepest: int = 8, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Texts of brackets, letters and semicolons, with the depth after each character.

    An opening bracket goes one deeper, a closing one comes back, the letter ``x``
    changes nothing, and a semicolon ends all that is open: depth 0. To know the depth,
    a model has to count, to ignore, and to forget.

    Parameters
    ----------
    samples : int
        How many texts.
    time_steps : int
        Characters of a text.
    deepest : int
        No text goes deeper. A closing bracket stands only where one is open.
    seed : int
        The same seed gives the same texts.

    Returns
    -------
    texts : list of str
        Each of ``time_steps`` characters, out of ``(``, ``)``, ``x`` and ``;``.
    depths : numpy.ndarray, int, shape (samples, time_steps)
        How many brackets are open after each character.

    Raises
    ------
    ValueError
        If a size is smaller than 1.

    References
    ----------
    Gers, F. A., & Schmidhuber, J. (2001). LSTM recurrent networks learn simple
    context-free and context-sensitive languages. *IEEE Transactions on Neural
    Networks*, 12(6), 1333-1340. (That an LSTM can learn to count.)

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> texts, depths = datasets.make_brackets(1, time_steps=12, seed=2)
    >>> print(texts[0], *depths[0])
    ((x())((())( 1 2 2 3 2 1 2 3 4 3 2 3
    """
    if min(samples, time_steps, deepest) < 1:
        raise ValueError(
            f"make_brackets({samples}, time_steps={time_steps}, deepest={deepest}): "
            "each must be at least 1."
        )
    rng = np.random.default_rng(seed)
    characters = np.empty((samples, time_steps), dtype="<U1")
    depths = np.empty((samples, time_steps), dtype=int)
    depth = np.zeros(samples, dtype=int)
    for t in range(time_steps):
        drawn = rng.choice(list("()x;"), samples, p=[0.42, 0.33, 0.2, 0.05])
        drawn[(drawn == ")") & (depth == 0)] = "x"
        drawn[(drawn == "(") & (depth == deepest)] = "x"
        depth = depth + (drawn == "(") - (drawn == ")")
        depth[drawn == ";"] = 0
        characters[:, t], depths[:, t] = drawn, depth
    return ["".join(row) for row in characters], depths


def make_random_walk(
    rows: int,
    *,
    start: float = 100.0,
    volatility: float = 0.01,
    clustering: float = 0.98,
    seed: int = 0,
) -> pd.DataFrame:
    """Prices that nobody can predict: a random walk with calm and wild times.

    The logarithm of the price takes normal steps whose size changes (a GARCH(1, 1)
    process): a large step, up or down, makes the next ones larger, too. Which way a
    step goes cannot be known from what was before, and the expected price of tomorrow
    is exactly the price of today.

    Parameters
    ----------
    rows : int
        How many days, at least 2.
    start : float
        The first price.
    volatility : float
        Standard deviation of a step of the logarithm in the long run: 0.01 is one
        percent a day.
    clustering : float
        How much of the excess of a wild day's variance is expected on the next day,
        from 0 (all steps have the same spread) to below 1.
    seed : int
        The same seed gives the same prices.

    Returns
    -------
    pandas.DataFrame, shape (rows, 1)
        The column ``price``, on business days from 2010-01-01 on.

    Raises
    ------
    ValueError
        If there are fewer than 2 rows, or a setting is out of its range.

    References
    ----------
    Bollerslev, T. (1986). Generalized autoregressive conditional heteroskedasticity.
    *Journal of Econometrics*, 31(3), 307-327.

    Samuelson, P. A. (1965). Proof that properly anticipated prices fluctuate randomly.
    *Industrial Management Review*, 6(2), 41-49.

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> datasets.make_random_walk(3, seed=1).round(2)
                 price
    2010-01-01  100.00
    2010-01-04  100.34
    2010-01-05  101.13
    """
    if rows < 2:
        raise ValueError(f"make_random_walk({rows}): ask for at least 2 rows.")
    if not (start > 0 and volatility > 0 and 0 <= clustering < 1):
        raise ValueError(
            f"make_random_walk(start={start}, volatility={volatility}, clustering="
            f"{clustering}): start and volatility must be above 0, clustering from 0 "
            "to below 1."
        )
    shocks = np.random.default_rng(seed).normal(size=rows - 1)
    usual = variance = volatility**2
    steps = np.empty(rows - 1)
    for day, shock in enumerate(shocks):
        steps[day] = shock * np.sqrt(variance) - variance / 2  # the price stays fair
        surprise = variance * (shock**2 - 1)  # zero on average
        variance = usual + clustering * (variance - usual + 0.1 * surprise)
    prices = start * np.exp(np.concatenate([[0], np.cumsum(steps)]))
    days = pd.bdate_range("2010-01-01", periods=rows)
    return pd.DataFrame({"price": prices}, index=days)


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
