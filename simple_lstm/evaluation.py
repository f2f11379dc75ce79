"""Is it any good? Errors side by side, and claims that are checked."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm import _values


_METRICS = ("MAE", "RMSE", "accuracy")


class Scoreboard:
    """Baselines and models, each judged on the same truth.

    ``print(board)`` shows it as text; in a notebook ``board`` alone shows a table. Both
    mark the best row. The skill of each row is measured against the best baseline,
    which is the one to beat.

    Parameters
    ----------
    truth : array_like
        What really happened, in its own units. Every prediction has its shape.
    metric : {"MAE", "RMSE", "accuracy"}
        Mean absolute error, root mean squared error, or the part that is exactly
        right. An error is better low, accuracy is better high.
    baselines : mapping of str to array_like
        By name, the predictions of all that a model of yours has to beat.
    unit : str, optional
        Unit of the score, for example "vehicles/h".

    Attributes
    ----------
    scores : dict of str to float
        The score of each row, baselines first.
    best_baseline : str
        Name of the best baseline (the first one of equals).

    Raises
    ------
    ValueError
        If there is no such metric, there is no baseline, or the truth or a baseline
        cannot be judged (see `add`).

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> simple = {"always 1": [1, 1, 1], "always 2": [2, 2, 2]}
    >>> board = evaluation.Scoreboard([1, 2, 3], metric="MAE", baselines=simple)
    >>> board.add("my model", [1, 2, 2.5])
    >>> print(board)
                 MAE   skill
    always 1       1  -50.0 %
    always 2  0.6667    0.0 %
    my model  0.1667   75.0 %  best
    skill against always 2, the best baseline
    """

    def __init__(
        self,
        truth: ArrayLike,
        *,
        metric: str,
        baselines: Mapping[str, ArrayLike],
        unit: str = "",
    ) -> None:
        if metric not in _METRICS:
            raise ValueError(
                f"Scoreboard(metric={metric!r}): choose one of {', '.join(_METRICS)}."
            )
        if not isinstance(baselines, Mapping) or not baselines:
            raise ValueError(
                "Scoreboard: baselines must be a dict of at least one name with its "
                'predictions, for example {"always 0": np.zeros_like(truth)}.'
            )
        self.metric = metric
        self.unit = unit
        self.truth, self._kind = self._read("the values of the truth", truth)
        self.scores: dict[str, float] = {}
        for name, prediction in baselines.items():
            self.add(name, prediction)
        self.best_baseline = self.best

    def add(self, name: str, prediction: ArrayLike) -> None:
        """Judge one more prediction, that of a model.

        Parameters
        ----------
        name : str
            Name of the row, each used once.
        prediction : array_like
            In the shape and units of the truth.

        Raises
        ------
        ValueError
            If the name is taken, the shape differs, a value is missing or infinite, an
            error is asked of something that is no number, or an accuracy of something
            that is no label or of labels that are not written like those of the truth.
        """
        name = str(name)
        if name in self.scores:
            raise ValueError(f"Scoreboard: there is a row {name!r} already.")
        values, kind = self._read(f"the predictions of {name!r}", prediction)
        if values.shape != self.truth.shape:
            last = values.shape == (*self.truth.shape, 1)
            raise ValueError(
                f"Scoreboard: the predictions of {name!r} have shape {values.shape}, "
                f"the truth has {self.truth.shape}. Give one value for each"
                + (": np.squeeze(values, axis=-1)." if last else ".")
            )
        if kind != self._kind:
            raise ValueError(
                f"Scoreboard: the truth is {self._kind}, the predictions of {name!r} "
                f"are {kind}, so none of them could be right. "
                + _alike(self.truth if kind == "numbers" else values)
            )
        self.scores[name] = _score(self.metric, self.truth, values, name)

    @property
    def best(self) -> str:
        """Name of the best row (the first one of equals)."""
        choose = max if self.metric == "accuracy" else min
        return choose(self.scores, key=lambda name: self.scores[name])

    @property
    def skills(self) -> dict[str, float]:
        """Skill of each row against the best baseline."""
        perfect = 1.0 if self.metric == "accuracy" else 0.0
        errors = {name: abs(score - perfect) for name, score in self.scores.items()}
        reference = errors[self.best_baseline]
        return {name: skill(error, reference) for name, error in errors.items()}

    @property
    def heading(self) -> str:
        """The metric with its unit."""
        return f"{self.metric} ({self.unit})" if self.unit else self.metric

    def format(self, score: float) -> str:
        """Write a score as text: an accuracy in percent, an error in four digits."""
        return f"{100 * score:.1f} %" if self.metric == "accuracy" else f"{score:.4g}"

    def _read(self, what: str, values: ArrayLike) -> tuple[np.ndarray, str]:
        what = f"Scoreboard: {what}"
        if self.metric == "accuracy":
            return _values.labels(what, values)
        otherwise = 'If they are labels, give metric="accuracy".'
        return _values.numbers(what, values, otherwise=otherwise), "numbers"

    def _cells(self) -> list[tuple[str, ...]]:
        """Name, score, skill and mark of each row, as text."""
        best, skills = self.best, self.skills
        return [
            (
                name,
                self.format(score),
                f"{100 * skills[name]:.1f} %" if skills[name] > -math.inf else "worse",
                "best" if name == best else "",
            )
            for name, score in self.scores.items()
        ]

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("", self.heading, "skill", "")]
        rows += [(" ".join(name.split()), *rest) for name, *rest in self._cells()]
        first, second, third, _ = (
            max(map(len, column)) for column in zip(*rows, strict=True)
        )
        lines = [
            f"{name:<{first}}  {score:>{second}}  {gain:>{third}}  {mark}".rstrip()
            for name, score, gain, mark in rows
        ]
        return "\n".join([*lines, f"skill against {self._rival}"])

    __repr__ = __str__

    @property
    def _rival(self) -> str:
        return f"{' '.join(self.best_baseline.split())}, the best baseline"

    def _repr_html_(self) -> str:
        head = ("model", self.heading, f"skill against {self._rival}", "")
        rows = [
            "<tr>"
            + "".join(f"<th scope='col'>{html.escape(cell)}</th>" for cell in head)
        ]
        for name, *cells in self._cells():
            style = " style='font-weight: bold'" if name == self.best else ""
            rows.append(
                f"<tr{style}><th scope='row'>{html.escape(name)}</th>"
                + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            )
        # The classes keep MathJax, in a notebook, from taking dollars for formulas.
        kind = "class='tex2jax_ignore mathjax_ignore'"
        return f"<table {kind}>{'</tr>'.join(rows)}</tr></table>"


def claim(text: str, holds: bool) -> None:
    """State something that this run can prove or refute, and print which it is.

    While the documentation is built (the environment variable
    ``SIMPLE_LSTM_DOCS_BUILD`` is set) a claim that does not hold is an error, so a page
    never says what its own run did not show. Anywhere else the script goes on.

    Parameters
    ----------
    text : str
        The statement.
    holds : bool
        Whether it is true of this run.

    Raises
    ------
    AssertionError
        In a documentation build, if it does not hold.

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> evaluation.claim("two is more than one", 2 > 1)
    Holds: two is more than one.
    """
    if holds:
        print(f"Holds: {text}.")
    elif os.environ.get("SIMPLE_LSTM_DOCS_BUILD"):
        raise AssertionError(f"This page claims what its run did not show: {text}.")
    else:
        print(f"DOES NOT HOLD on this data: {text}.")


def skill(error: float, baseline_error: float) -> float:
    """The part of the baseline's error that a model saves.

    Parameters
    ----------
    error, baseline_error : float
        Errors in the same unit, not negative.

    Returns
    -------
    float
        1 is perfect, 0 as good as the baseline, below 0 worse than it; minus infinity
        if the baseline is perfect and the model is not.

    Raises
    ------
    ValueError
        If an error is negative, missing or infinite.

    References
    ----------
    Murphy, A. H. (1988). Skill scores based on the mean square error and their
    relationships to the correlation coefficient. *Monthly Weather Review*, 116(12),
    2417-2424.

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> evaluation.skill(150, 200)
    0.25
    """
    error, reference = float(error), float(baseline_error)
    if not (0 <= error < math.inf and 0 <= reference < math.inf):
        raise ValueError(
            f"skill: an error is 0 or more, but these are {error} and {reference}. "
            "Give mean errors, as np.abs(prediction - truth).mean()."
        )
    if error == reference:
        return 0.0  # also where both are perfect
    return 1 - error / reference if reference else -math.inf


def _score(metric: str, truth: np.ndarray, prediction: np.ndarray, name: str) -> float:
    if metric == "accuracy":
        pairs = zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True)
        return sum(true == said for true, said in pairs) / truth.size
    with np.errstate(over="ignore"):
        wrong = np.abs(prediction - truth)
    if np.isinf(wrong).any():
        raise ValueError(
            f"Scoreboard: the errors of {name!r} are beyond the largest float. Give "
            "truth and predictions in a larger unit: values / 1e9."
        )
    # Divided by a power of two, which rounds nothing, so that no square overflows.
    wrong, exponent = _in_reach(wrong)
    mean = wrong.mean() if metric == "MAE" else np.sqrt(np.mean(wrong**2))
    return float(np.ldexp(mean, exponent))


def _in_reach(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Values divided by a power of two, the largest between 1/2 and 1; its exponent."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    return np.ldexp(values, -exponent), exponent


def _alike(text: np.ndarray) -> str:
    """How to write labels that are text as numbers."""
    try:
        text.astype(int)
    except ValueError:
        return (
            "Give each text its number: [classes.index(text) for text in values], with "
            "the classes in the order of their numbers."
        )
    return "Turn the text into numbers: np.asarray(values, dtype=int)."


def _same_shape(name: str, **arrays: ArrayLike) -> list[np.ndarray]:
    """Arrays of one shape without gaps, as float, or an error that says why not."""
    given = {
        key: _values.numbers(f"{name}: the values of {key}", values)
        for key, values in arrays.items()
    }
    if len({array.shape for array in given.values()}) > 1:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in given.items())
        raise ValueError(f"{name}: the shapes differ: {shapes}. Give one of each.")
    return list(given.values())
