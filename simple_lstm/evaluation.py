"""Is it any good? Errors side by side, and claims that are checked."""

from __future__ import annotations

import ast
import html
import math
import os
import re
import warnings
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm import _values

# What has to stand before a line of Python that goes on with something.
_BEFORE = {
    "elif": "if 0: pass\n",
    "else": "if 0: pass\n",
    "except": "try: pass\n",
    "finally": "try: pass\n",
}
_METRICS = ("MAE", "RMSE", "accuracy")
_ENOUGH = 30  # points at a shift; with fewer, chance finds a lag where there is none
_SAME = 1e-12  # correlations that differ by no more are the same but for rounding


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


def lag(
    prediction: ArrayLike, truth: ArrayLike, *, step: int = 1, max_lag: int = 24
) -> int:
    """By how many time steps the forecast comes too late.

    The forecast is moved against the truth, and the shift is kept at which the two
    correlate best; of equal ones the smallest. A model that only repeats the last value
    it saw has a lag of ``step``, however good its plot looks. A lag is a warning, not a
    verdict: where nothing better than the last value can be known, the best forecast
    lags, too, so compare its error with that of `simple_lstm.baselines.repeat_last`.

    Parameters
    ----------
    prediction, truth : array_like, shape (samples,) or (samples, horizon)
        Forecast and truth of windows that start one time step after the other.
    step : int
        Which step ahead to look at, from 1 to the horizon.
    max_lag : int
        The largest shift that is tried, in time steps. It needs 30 samples more: with
        fewer points in common the largest shifts would fit best by chance.

    Returns
    -------
    int
        Between 0 and ``max_lag``.

    Raises
    ------
    ValueError
        If the shapes differ, values are missing or infinite, there are too few samples,
        or forecast or truth is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import evaluation
    >>> truth = np.random.default_rng(0).normal(size=200)
    >>> copied = np.roll(truth, 1)
    >>> evaluation.lag(copied, truth)
    1
    """
    predicted, true = _at_step(prediction, truth, step)
    samples = len(predicted)
    _check_for_lag(predicted, true, max_lag)
    fits = np.array(
        [
            _correlation(predicted[shift:], true[: samples - shift])
            for shift in range(max_lag + 1)
        ]
    )
    return int(np.argmax(fits >= fits.max() - _SAME))


def coverage(lower: ArrayLike, upper: ArrayLike, truth: ArrayLike) -> float:
    """The part of the truth that lies in its interval.

    An interval made to hold the truth with a probability of 90 % should have a coverage
    near 0.9 on data that nobody used to make it. Judge the width beside it: a wide
    enough interval covers everything.

    Parameters
    ----------
    lower, upper : array_like
        The ends of the intervals, which belong to them, in the units of the truth.
    truth : array_like
        What happened, in the same shape.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If the shapes differ, a value is missing or infinite, or a lower end lies above
        its upper end.

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> evaluation.coverage([0, 0, 0, 0], [3, 3, 3, 3], truth=[1, 2, 3, 4])
    0.75
    """
    low, high, true = _same_shape("coverage", lower=lower, upper=upper, truth=truth)
    if (low > high).any():
        place = int(np.argmax((low > high).ravel()))
        raise ValueError(
            f"coverage: {int((low > high).sum()):,} intervals end before they begin, "
            f"first {low.ravel()[place]:.4g} to {high.ravel()[place]:.4g}. Is lower "
            "given first?"
        )
    return float(np.mean((low <= true) & (true <= high)))


def conformal_factor(
    lower: ArrayLike,
    middle: ArrayLike,
    upper: ArrayLike,
    truth: ArrayLike,
    *,
    level: float = 0.9,
) -> np.ndarray:
    """How far to stretch intervals from their middle so that they cover enough.

    This is split conformal calibration. On windows that the model neither learned from
    nor was stopped by, each truth needs some stretch to lie in its interval; the answer
    is the one that is enough for ``level`` of them, with a small correction because
    they are few. Each step of a window to come is then covered with at least this
    probability, if the windows were drawn independently and alike. Neighboring windows
    overlap and times change, so for a series it is an approximation: check it on later
    rows. All steps of a window together are covered less often than each of them.

    Parameters
    ----------
    lower, middle, upper : array_like, shape (samples,) or (samples, horizon)
        Forecasts of the calibration windows: the ends of each interval and a value in
        it, for example the quantiles 0.05, 0.5 and 0.95.
    truth : array_like
        What came, in the same shape.
    level : float
        The coverage to reach, between 0 and 1.

    Returns
    -------
    numpy.ndarray, shape () or (horizon,)
        For each step ahead the factor by which to multiply ``upper - middle`` and
        ``lower - middle``; below 1 the intervals were too wide.

    Raises
    ------
    ValueError
        If the shapes differ, a value is missing or infinite, the forecasts are not in
        order, the level is not between 0 and 1, or there are too few samples for it.

    References
    ----------
    Kivaranovic, D., Johnson, K. D., & Leeb, H. (2020). Adaptive, distribution-free
    prediction intervals for deep networks. *AISTATS*, PMLR 108, 4346-4356.

    Romano, Y., Patterson, E., & Candès, E. (2019). Conformalized quantile regression.
    *Advances in Neural Information Processing Systems*, 32.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import evaluation
    >>> truth = np.random.default_rng(0).normal(size=1000)
    >>> zeros = np.zeros(1000)
    >>> factor = evaluation.conformal_factor(zeros - 1, zeros, zeros + 1, truth)
    >>> print(f"{factor:.1f} standard deviations hold 90 %")
    1.6 standard deviations hold 90 %
    """
    low, center, high, true = _same_shape(
        "conformal_factor", lower=lower, middle=middle, upper=upper, truth=truth
    )
    if not 0 < level < 1:
        raise ValueError(
            f"conformal_factor(level={level}): must lie between 0 and 1, as 0.9 does."
        )
    if (low > center).any() or (center > high).any():
        raise ValueError(
            "conformal_factor: some forecasts are not in the order lower, middle, "
            "upper. Sort the quantiles of each step first: np.sort(quantiles, axis=-1)."
        )
    samples = len(np.atleast_1d(true))
    exact = Fraction(str(float(level)))  # (99 + 1) * 0.55 is above 55
    rank = math.ceil((samples + 1) * exact)  # one more: the window to come
    if rank > samples:
        raise ValueError(
            f"conformal_factor: {samples} samples are too few for a level of {level}; "
            f"give at least {math.ceil(exact / (1 - exact))}."
        )
    # In a unit in which no difference overflows; the factor has none.
    low, center, high, true = _in_reach(np.stack([low, center, high, true]))[0]
    side = np.where(true < center, center - low, high - center)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(true == center, 0.0, np.abs(true - center) / side)
    factor = np.sort(needed, axis=0)[rank - 1]
    if np.isinf(factor).any():
        raise ValueError(
            "conformal_factor: too many intervals have no width on the side where the "
            "truth lies, so that no stretch is enough. Train the model longer."
        )
    return factor


def lines_that_parse(text: str) -> float:
    r"""The part of the lines of a program that are Python by themselves.

    A line that ends in a colon gets a body (not ``match`` and ``case``), and one that
    goes on with a block, like ``else:``, gets a beginning. Blank lines and comments do
    not count. In a program written by hand the part is far from 1, because a statement
    may have several lines, and docstrings are no code: compare with that.

    Parameters
    ----------
    text : str
        Source code of Python, written by hand or by a model.

    Returns
    -------
    float
        From 0 to 1; NaN if there is no line to count.

    Examples
    --------
    >>> from simple_lstm import evaluation
    >>> evaluation.lines_that_parse("if x:\n    y = 1\nelse:\n    y = = 2")
    0.75
    """
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    return sum(map(_parses, lines)) / len(lines) if lines else float("nan")


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


def _at_step(
    prediction: ArrayLike, truth: ArrayLike, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast and truth of one step ahead, both of shape (samples,)."""
    predicted, true = _same_shape("lag", prediction=prediction, truth=truth)
    if predicted.ndim not in (1, 2):
        raise ValueError(
            f"lag: the shape is {predicted.shape}; expected (samples,) or (samples, "
            "horizon). Give one feature or quantile: values[..., 0]."
        )
    if predicted.ndim == 1:
        return predicted, true
    if not 1 <= step <= predicted.shape[1]:
        raise ValueError(
            f"lag(step={step}): the forecast has steps 1 to {predicted.shape[1]}."
        )
    return predicted[:, step - 1], true[:, step - 1]


def _check_for_lag(predicted: np.ndarray, true: np.ndarray, max_lag: int) -> None:
    if max_lag < 1:
        raise ValueError(f"lag(max_lag={max_lag}): must be 1 or more, as 24 is.")
    samples = len(predicted)
    largest = samples - _ENOUGH
    if max_lag > largest:
        enough = f"at least {max_lag + _ENOUGH} samples"
        raise ValueError(
            f"lag(max_lag={max_lag}): {samples} samples are too few; a shift is judged "
            f"by {_ENOUGH} points or more. Give {enough}"
            + (f", or max_lag={largest}." if largest > 0 else ".")
        )
    for what, values in {"forecast": predicted, "truth": true}.items():
        if (values == values[0]).all():
            raise ValueError(
                f"lag: the {what} is constant, so it has no lag. Judge the forecast by "
                "its error, with evaluation.Scoreboard."
            )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation; minus infinity, which never wins, if one is constant."""
    one, other = _centered(one), _centered(other)
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / size) if size else -math.inf


def _centered(values: np.ndarray) -> np.ndarray:
    """Values minus their mean, in a unit in which no level and no size does harm."""
    values, _ = _in_reach(values)
    moved, _ = _in_reach(values - values[0])  # of equal values, all of them 0
    return moved - moved.mean()


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


def _parses(line: str) -> bool:
    first = re.match(r"\w*", line)
    before = _BEFORE.get(first[0] if first else "", "")
    after = " pass" if line.endswith(":") else ""
    if line == "try:":
        after = " pass\nfinally: pass"
    if line.startswith("@"):
        after = "\ndef f(): pass"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd escapes in strings
        try:
            ast.parse(f"{before}{line}{after}")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
