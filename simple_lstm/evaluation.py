"""Is it any good? A scoreboard of baselines and models, and claims that are checked."""

from __future__ import annotations

import html
import math
import os
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm import _compared_values

_METRICS = ("MAE", "RMSE", "accuracy")


class Scoreboard:
    """Models and simple baselines, compared on the same data.

    ``print(board)`` shows it as text; in a notebook ``board`` alone shows a table. Both
    mark the best row. The skill of a row is the part of the best baseline's error that
    it saves: 1 is perfect, 0 is as good as that baseline, below 0 is worse.

    Parameters
    ----------
    y_true : array_like
        What really happened, in its own units.
    predictions : mapping of str to array_like
        By name, the predictions of your models, each in the shape and units of
        ``y_true``.
    baselines : mapping of str to array_like
        By name, the predictions of all that your models have to beat, at least one.
    metric : {"MAE", "RMSE", "accuracy"}
        Mean absolute error, root mean squared error, or the fraction that is exactly
        right. An error is better low, accuracy is better high.
    unit : str, optional
        Unit of the score, for example "vehicles/h".

    Attributes
    ----------
    y_true : numpy.ndarray
        What really happened.
    scores : dict of str to float
        The score of each row, baselines first.
    best_baseline : str
        Name of the best baseline (the first one of equals).

    Raises
    ------
    ValueError
        If there is no such metric or no baseline, two rows have the same name, or a row
        cannot be compared: its shape differs, values are missing or infinite, the
        metric is an error but the values are not numbers, or it is the accuracy but
        they are not labels, or are written differently from those of ``y_true``.

    References
    ----------
    Murphy, A. H. (1988). Skill scores based on the mean square error and their
    relationships to the correlation coefficient. *Monthly Weather Review*, 116(12),
    2417-2424.

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> simple = {"always 1": [1, 1, 1], "always 2": [2, 2, 2]}
    >>> mine = {"my model": [1, 2, 2.5]}
    >>> evaluation.Scoreboard([1, 2, 3], mine, baselines=simple, metric="MAE")
                 MAE   skill
    always 1       1  -50.0 %
    always 2  0.6667    0.0 %
    my model  0.1667   75.0 %  best
    skill against always 2, the best baseline
    """

    def __init__(
        self,
        y_true: ArrayLike,
        predictions: Mapping[str, ArrayLike],
        *,
        baselines: Mapping[str, ArrayLike],
        metric: str,
        unit: str = "",
    ) -> None:
        if metric not in _METRICS:
            raise ValueError(
                f"Scoreboard(metric={metric!r}): choose one of {', '.join(_METRICS)}."
            )
        self.metric = metric
        self.unit = unit
        rows = _rows(predictions, baselines)
        self.y_true, kind = self._read("the values of y_true", y_true)
        self.scores = {
            name: self._judge(name, y_pred, kind) for name, y_pred in rows.items()
        }
        self.best_baseline = self._best_of(map(str, baselines))

    @property
    def best(self) -> str:
        """Name of the best row (the first one of equals)."""
        return self._best_of(self.scores)

    @property
    def skills(self) -> dict[str, float]:
        """Skill of each row against the best baseline."""
        perfect = 1.0 if self.metric == "accuracy" else 0.0
        errors = {name: abs(score - perfect) for name, score in self.scores.items()}
        reference = errors[self.best_baseline]
        return {name: _skill(error, reference) for name, error in errors.items()}

    @property
    def heading(self) -> str:
        """The metric with its unit."""
        return f"{self.metric} ({self.unit})" if self.unit else self.metric

    def format(self, score: float) -> str:
        """Write a score as text: an accuracy in percent, an error in four digits."""
        return f"{100 * score:.1f} %" if self.metric == "accuracy" else f"{score:.4g}"

    def _best_of(self, names: Iterable[str]) -> str:
        choose = max if self.metric == "accuracy" else min
        return choose(names, key=lambda name: self.scores[name])

    def _judge(self, name: str, y_pred: ArrayLike, due: str) -> float:
        """The score of one row, or an error that says why it has none."""
        values, kind = self._read(f"the predictions of {name!r}", y_pred)
        if values.shape != self.y_true.shape:
            last = values.shape == (*self.y_true.shape, 1)
            raise ValueError(
                f"Scoreboard: the predictions of {name!r} have shape {values.shape}, "
                f"y_true has {self.y_true.shape}. Give one value for each"
                + (": np.squeeze(values, axis=-1)." if last else ".")
            )
        if kind != due:
            raise ValueError(
                f"Scoreboard: the values of y_true are {due}, the predictions of "
                f"{name!r} are {kind}, so none of them could be right. "
                + _alike(self.y_true if kind == "numbers" else values)
            )
        return _score(self.metric, self.y_true, values, name)

    def _read(self, what: str, values: ArrayLike) -> tuple[np.ndarray, str]:
        what = f"Scoreboard: {what}"
        if self.metric == "accuracy":
            return _compared_values.labels(what, values)
        otherwise = 'If they are labels, give metric="accuracy".'
        return _compared_values.numbers(what, values, otherwise=otherwise), "numbers"

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


def _rows(
    predictions: Mapping[str, ArrayLike], baselines: Mapping[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """All rows by their names, baselines first."""
    if not isinstance(baselines, Mapping) or not baselines:
        raise ValueError(
            "Scoreboard: baselines must be a dict of at least one name with its "
            'predictions, for example {"always 0": np.zeros_like(y_true)}.'
        )
    if not isinstance(predictions, Mapping):
        raise ValueError(
            "Scoreboard: predictions must be a dict of names with their predictions, "
            'for example {"LSTM": y_pred}.'
        )
    rows: dict[str, ArrayLike] = {}
    for name, y_pred in [*baselines.items(), *predictions.items()]:
        if str(name) in rows:
            raise ValueError(
                f"Scoreboard: two rows are called {str(name)!r}. Give each prediction "
                "and each baseline a name of its own."
            )
        rows[str(name)] = y_pred
    return rows


def _skill(error: float, reference: float) -> float:
    """The part of the reference's error that is saved."""
    if error == reference:
        return 0.0  # also where both are perfect
    return 1 - error / reference if reference else -math.inf


def _score(metric: str, y_true: np.ndarray, y_pred: np.ndarray, name: str) -> float:
    if metric == "accuracy":
        pairs = zip(y_true.ravel().tolist(), y_pred.ravel().tolist(), strict=True)
        return sum(true == said for true, said in pairs) / y_true.size
    with np.errstate(over="ignore"):
        wrong = np.abs(y_pred - y_true)
    if np.isinf(wrong).any():
        raise ValueError(
            f"Scoreboard: the errors of {name!r} are beyond the largest float. Give "
            "y_true and all predictions in a larger unit: values / 1e9."
        )
    wrong, exponent = _compared_values.in_reach(wrong)  # so that no square overflows
    mean = wrong.mean() if metric == "MAE" else np.sqrt(np.mean(wrong**2))
    return float(np.ldexp(mean, exponent))


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
