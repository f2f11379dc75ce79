"""What an LSTM has to beat.

**For a series.** The first three repeat the series itself and need nothing but the row
where each forecast starts. Ridge regression and gradient boosting get the same windows
as the LSTM.

**For texts.** Each returns a fitted scikit-learn model with ``predict``,
``predict_proba`` and ``score``. None of them knows the order of the words, but for
pairs of neighbors.

**For characters.** `NGram` counts which character follows which last few.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simple_lstm._checking import check_text, check_texts
from simple_lstm._time_index import following
from simple_lstm._words import check_words
from simple_lstm.words import Split, cut

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.base import ClassifierMixin
    from sklearn.pipeline import Pipeline

    from simple_lstm.preprocessing import Windows
    from simple_lstm.word_vectors import WordVectors


MOST_NUMBERS = 50_000_000
"""In the table that `gradient_boosting` learns from: 400 MB, at 8 bytes each."""

_AT_ONCE = 1_000_000  # numbers of such a table that are put together at a time


def repeat_last(series: ArrayLike, starts: ArrayLike, horizon: int) -> np.ndarray:
    """Forecast that nothing changes: the last value before the start, held.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have.

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> baselines.repeat_last([1, 2, 3, 4], starts=[2, 4], horizon=2)
    array([[2., 2.],
           [4., 4.]])
    """
    rows = np.asarray(starts)[:, np.newaxis] - np.ones(horizon, dtype=int)
    return _look_up(series, rows)


def repeat_season(
    series: ArrayLike, starts: ArrayLike, horizon: int, *, period: int
) -> np.ndarray:
    """Forecast that the last season comes again, step by step.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast. Beyond one period the last known season is repeated.
    period : int
        Time steps in a season: 24 for a day of hours, 168 for a week of hours.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have, or the period is below 1.

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> baselines.repeat_season([1, 2, 3, 4], starts=[4], horizon=3, period=2)
    array([[3., 4., 3.]])
    """
    return _look_up(series, _season_rows(starts, horizon, period))


def typical_season(
    series: ArrayLike,
    starts: ArrayLike,
    horizon: int,
    *,
    period: int,
    seasons: int = 4,
) -> np.ndarray:
    """Forecast the median of the last few seasons, step by step.

    With hourly data and ``period=168`` this is a typical week: for Monday 8:00 the
    median of the last four Mondays at 8:00. One holiday among them does no harm.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values; NaN among them is passed over.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast. Beyond one period the last known seasons are repeated.
    period : int
        Time steps in a season.
    seasons : int
        How many seasons the median is taken of.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series; NaN where all the values looked back on are.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have, or the period or the number
        of seasons is below 1.

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> series = [1, 10, 3, 10, 5, 10]
    >>> baselines.typical_season(series, starts=[6], horizon=2, period=2, seasons=3)
    array([[ 3., 10.]])
    """
    if seasons < 1:
        raise ValueError(f"seasons={seasons}: the median needs at least 1 season.")
    latest = _season_rows(starts, horizon, period)
    values = np.stack(
        [_look_up(series, latest - back * period) for back in range(seasons)]
    )
    known = ~np.isnan(values).all(axis=0)
    medians = np.full(latest.shape, np.nan)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def typical_ahead(
    series: pd.Series, horizon: int, *, period: int, seasons: int = 4
) -> pd.Series:
    """The typical season at the time of every row, and of the horizon after the last.

    For a model that is told a first guess of what comes (``known_ahead`` and
    ``correct``): the guess for any time was known a whole period before.

    Parameters
    ----------
    series : pandas.Series, shape (rows,)
        Evenly spaced in time; NaN is passed over.
    horizon : int
        Time steps of a forecast. No more than a period, or the guess for its last steps
        would look at rows that are not yet known when it is made.
    period : int
        Time steps in a season.
    seasons : int
        How many seasons the median is taken of.

    Returns
    -------
    pandas.Series, shape (rows + horizon,)
        In the units of the series, NaN in the first seasons, with all the times as
        index.

    Raises
    ------
    ValueError
        If the horizon is longer than a period, there are fewer rows than those seasons,
        or the times are unsorted, doubled or uneven.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import baselines
    >>> days = pd.date_range("2024-01-01", periods=6)
    >>> series = pd.Series([1, 10, 3, 10, 5, 10], days)
    >>> baselines.typical_ahead(series, 2, period=2, seasons=3).tail(2).tolist()
    [3.0, 10.0]
    """
    if not 1 <= horizon <= period:
        raise ValueError(
            f"typical_ahead: a horizon of {horizon} steps and a period of {period}. "
            "The horizon must be at least 1 and no longer than the period; give a "
            "multiple of the period as period."
        )
    later, first = following(series.index, horizon), seasons * period
    if len(series) < first:
        raise ValueError(
            f"typical_ahead: {len(series):,} rows are less than the {seasons} "
            f"seasons of {period} steps that it looks back on. Give more rows or "
            "fewer seasons."
        )
    rows = np.arange(first, len(series) + horizon)
    times = series.index.union(later)
    values = np.full(len(times), np.nan)
    values[rows] = typical_season(series, rows, 1, period=period, seasons=seasons)[:, 0]
    return pd.Series(values, times, name=f"typical {series.name}")


def ridge(train: Windows, windows: Windows, *, alpha: float = 1.0) -> np.ndarray:
    """Linear regression with a penalty, on the same inputs as the LSTM.

    Every input of a window, past and known ahead, is one column, scaled on the
    training windows; each step of the horizon has its own weights.

    Parameters
    ----------
    train : simple_lstm.preprocessing.Windows
        Windows to learn from.
    windows : simple_lstm.preprocessing.Windows
        Windows to forecast.
    alpha : float
        Strength of the penalty, for inputs of standard deviation 1.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    References
    ----------
    Hoerl, A. E., & Kennard, R. W. (1970). Ridge regression: biased estimation for
    nonorthogonal problems. *Technometrics*, 12(1), 55-67.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), Ridge(alpha))
    model.fit(_flat(train), train.targets)
    return model.predict(_flat(windows)).reshape(len(windows), windows.horizon)


def gradient_boosting(
    train: Windows,
    windows: Windows,
    *,
    correct: str | None = None,
    quantile: float | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Boosted decision trees, on the same inputs as the LSTM.

    One model for all steps of the horizon: a row of its table is one step of one
    window, with the whole past, what is known ahead of that step, and its number.

    The table has windows × horizon rows and lookback × features + 1 + k columns. If
    that is more than 50 million numbers (``baselines.MOST_NUMBERS``), the trees learn
    from as many rows as fit, drawn at random from all windows, and a printed line says
    how many. To choose the windows yourself, give fewer: ``make_windows(...,
    stride=...)``. Learning takes up to 16 bytes for each number: 800 MB at most.

    Parameters
    ----------
    train : simple_lstm.preprocessing.Windows
        Windows to learn from.
    windows : simple_lstm.preprocessing.Windows
        Windows to forecast.
    correct : str, optional
        A column known ahead that is a first guess; the trees then learn what has to
        be added to it.
    quantile : float, optional
        Learn this quantile of the targets, between 0 and 1, instead of the median.
    seed : int
        The same seed gives the same choice of steps and the same trees.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    Raises
    ------
    ValueError
        If the quantile is not between 0 and 1, or ``correct`` is not the name of a
        column known ahead.

    References
    ----------
    Ke, G., et al. (2017). LightGBM: a highly efficient gradient boosting decision
    tree. *Advances in Neural Information Processing Systems*, 30.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    if quantile is not None and not 0 < quantile < 1:
        raise ValueError(
            f"gradient_boosting(quantile={quantile}): must lie between 0 and 1, as "
            "0.95 does."
        )
    model = HistGradientBoostingRegressor(
        loss="absolute_error" if quantile is None else "quantile",
        quantile=quantile,
        early_stopping=False,
        random_state=seed,
    )
    chosen = _choice(train, seed)
    missed = (train.targets - _guess(train, correct)).ravel()
    model.fit(_by_step(train, chosen), missed[chosen])
    added = np.empty(windows.targets.shape)
    for part in _parts(added.size, _width(windows)):
        added.flat[part] = model.predict(_by_step(windows, np.arange(added.size)[part]))
    return _guess(windows, correct) + added


def majority_class(texts: Sequence[str], labels: ArrayLike) -> ClassifierMixin:
    """Say what is commonest in training, whatever the text.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.

    Returns
    -------
    sklearn.dummy.DummyClassifier
        Fitted.
    """
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="most_frequent").fit(texts, labels)


def naive_bayes(
    texts: Sequence[str], labels: ArrayLike, *, split: Split = "whitespace"
) -> Pipeline:
    """Add up what each word, and each pair of neighbors, says for a class.

    Multinomial naive Bayes on TF-IDF weights of words and pairs: quick, and hard to
    beat on short texts.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    split : {"whitespace", "character"}
        What is counted: words and pairs of neighbors, or up to five characters in a
        row, for languages that put no spaces between words.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, holds something that is no text, or no word, or
        most texts have no spaces between their words.

    References
    ----------
    Rennie, J. D. M., Shih, L., Teevan, J., & Karger, D. R. (2003). Tackling the poor
    assumptions of naive Bayes text classifiers. *ICML*, 616-623.

    Wang, S., & Manning, C. D. (2012). Baselines and bigrams: simple, good sentiment and
    topic classification. *ACL*, 90-94.

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> model = baselines.naive_bayes(["a fine film", "a dull film"], [1, 0])
    >>> model.predict(["fine, very fine"])
    array([1])
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    check_words(texts, "naive_bayes", split, _read)
    model = make_pipeline(TfidfVectorizer(**_counted(split)), MultinomialNB())
    return model.fit(texts, labels)


def bag_of_words(
    texts: Sequence[str],
    labels: ArrayLike,
    *,
    penalty: float = 0.1,
    split: Split = "whitespace",
) -> Pipeline:
    """Logistic regression on TF-IDF weights of words and pairs of neighbors.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    penalty : float
        Strength of the penalty on large weights.
    split : {"whitespace", "character"}
        What is counted: words and pairs of neighbors, or up to five characters in a
        row, for languages that put no spaces between words.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, holds something that is no text, or no word, or
        most texts have no spaces between their words.

    References
    ----------
    Salton, G., & Buckley, C. (1988). Term-weighting approaches in automatic text
    retrieval. *Information Processing & Management*, 24(5), 513-523.

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> model = baselines.bag_of_words(["a fine film", "a dull film"], [1, 0])
    >>> model.predict(["fine, very fine"])
    array([1])
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    check_words(texts, "bag_of_words", split, _read)
    weights = TfidfVectorizer(**_counted(split), sublinear_tf=True)
    model = make_pipeline(weights, LogisticRegression(C=1 / penalty, max_iter=1000))
    return model.fit(texts, labels)


def averaged_vectors(
    texts: Sequence[str],
    labels: ArrayLike,
    vectors: WordVectors,
    *,
    penalty: float = 20.0,
) -> Pipeline:
    """Logistic regression on the mean of the vectors of a text's words.

    What an LSTM gets from word vectors, without the order of the words.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    vectors : simple_lstm.word_vectors.WordVectors
        The vectors that the LSTM starts from. A word without one is passed over; a text
        of such words alone has the mean zero.
    penalty : float
        Strength of the penalty on large weights.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, holds something that is no text, or no word, or
        most texts have no spaces between their words and the vectors are of words.

    References
    ----------
    Iyyer, M., Manjunatha, V., Boyd-Graber, J., & Daumé III, H. (2015). Deep unordered
    composition rivals syntactic methods for text classification. *ACL*, 1681-1691.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

    check_words(texts, "averaged_vectors", vectors.split)
    model = make_pipeline(
        CountVectorizer(
            vocabulary=vectors.words, analyzer=partial(cut, split=vectors.split)
        ),
        Normalizer("l1"),  # counts become parts of the text
        FunctionTransformer(partial(_add_up, vectors=vectors.vectors)),
        StandardScaler(),
        LogisticRegression(C=1 / penalty, max_iter=1000),
    )
    return model.fit(texts, labels)


class NGram:
    """Counts which character follows the last few: interpolated Witten-Bell.

    What was counted after a long context is mixed with what is known after the context
    that is one character shorter, and so on down to no context at all. The more kinds
    of characters a context was followed by, the more the shorter one counts. Every
    character has some probability after any text, and together they sum to one.

    Parameters
    ----------
    context : int
        Characters looked back on; 0 looks at none, and knows only how common each
        character is.

    Attributes
    ----------
    characters : list of str
        What can come next: ``""``, which stands for the start of a text and for every
        character that is in no training text, then those characters, sorted.

    Raises
    ------
    ValueError
        If ``context`` is not a number from 0.

    References
    ----------
    Witten, I. H., & Bell, T. C. (1991). The zero-frequency problem: estimating the
    probabilities of novel events in adaptive text compression. *IEEE Transactions on
    Information Theory*, 37(4), 1085-1094.

    Chen, S. F., & Goodman, J. (1999). An empirical study of smoothing techniques for
    language modeling. *Computer Speech & Language*, 13(4), 359-394. (As interpolation.)

    Examples
    --------
    >>> from simple_lstm import baselines
    >>> model = baselines.NGram(context=2).fit(["abcabcabc"])
    >>> model.characters[model.probabilities("ab").argmax()]
    'c'
    """

    def __init__(self, context: int) -> None:
        if isinstance(context, bool) or not isinstance(context, int) or context < 0:
            raise ValueError(
                f"NGram(context={context!r}): expected how many characters to look "
                "back on, a whole number from 0."
            )
        self.context = context
        self.characters: list[str] = []
        self._places: dict[str, int] = {}  # of each character among them
        self._tables: list[_Counts] = []  # one for each length of context, from 0

    def fit(self, texts: Sequence[str]) -> NGram:
        """Count. No context reaches from one text into the next.

        Parameters
        ----------
        texts : sequence of str
            Training texts.

        Returns
        -------
        NGram
            Itself.

        Raises
        ------
        ValueError
            If ``texts`` is a single text, or has no character in it.
        """
        check_texts(texts, "NGram.fit")
        characters = sorted(set().union(*texts))
        if not characters:
            raise ValueError("NGram.fit: there is no character in the texts.")
        self.characters = ["", *characters]
        self._places = {name: place for place, name in enumerate(self.characters)}
        self._tables = []
        symbols = np.concatenate([self._symbols(text) for text in texts])
        begins = np.cumsum([0] + [len(text) + 1 for text in texts[:-1]])
        contexts = np.zeros(len(symbols), dtype=int)  # the one empty context
        for _ in range(self.context + 1):
            table = _Counts.of(contexts, symbols, len(self.characters))
            self._tables.append(table)
            contexts = _one_later(table.find(contexts, symbols), begins)
        return self

    def up_to(self, context: int) -> NGram:
        """The same counts, looking back on fewer characters.

        Parameters
        ----------
        context : int
            From 0 to the context that was counted.

        Returns
        -------
        NGram
            As fitted on the same texts with that context.

        Raises
        ------
        ValueError
            If it is longer than what was counted, or nothing was.
        """
        self._check_fitted("up_to")
        if not 0 <= context <= self.context:
            raise ValueError(
                f"NGram.up_to({context}): counted were contexts of 0 to {self.context} "
                "characters."
            )
        shorter = NGram(context)
        shorter.characters, shorter._places = self.characters, self._places
        shorter._tables = self._tables[: context + 1]
        return shorter

    def surprisal(self, text: str) -> np.ndarray:
        """How little each character was expected.

        Parameters
        ----------
        text : str
            Read from its first character on.

        Returns
        -------
        numpy.ndarray, shape (characters of the text,)
            Minus the natural logarithm of the probability of each character after those
            before it, in nats. Its mean is the cross-entropy.

        Raises
        ------
        ValueError
            If nothing was fitted, or ``text`` is not a text or is empty.
        """
        self._check_fitted("surprisal")
        check_text(text, "NGram.surprisal")
        symbols = self._symbols(text)
        begins = np.zeros(1, dtype=int)
        contexts = np.zeros(len(symbols), dtype=int)
        chance = np.full(len(symbols), 1 / len(self.characters))
        for table in self._tables:
            chance = table.mix(contexts, symbols, chance)
            contexts = _one_later(table.find(contexts, symbols), begins)
        return -np.log(chance[1:])

    def probabilities(self, text: str) -> np.ndarray:
        """What may come after a text.

        Parameters
        ----------
        text : str
            What stands there already; its last characters are looked at. Before the
            first character of an empty text stands its start.

        Returns
        -------
        numpy.ndarray, shape (len(model.characters),)
            The probability of each of ``characters``; they sum to 1.

        Raises
        ------
        ValueError
            If nothing was fitted.
        """
        self._check_fitted("probabilities")
        contexts = [0]
        for symbol in self._symbols(text[max(0, len(text) - self.context) :]):
            contexts = self._read(contexts, int(symbol))
        return self._after(contexts)

    def _read(self, contexts: list[int], symbol: int) -> list[int]:
        """Go on by one symbol: the numbers of the contexts that now end here.

        They begin with the context of no character, each one longer by one, up to the
        longest that was counted: what is longer is new, too.
        """
        found = [0]
        for context, table in zip(contexts, self._tables[: self.context], strict=False):
            place = table.place(context, symbol)
            if place < 0:
                break
            found.append(place)
        return found

    def _after(self, contexts: list[int]) -> np.ndarray:
        """The chance of each symbol after these contexts."""
        chance = np.full(len(self.characters), 1 / len(self.characters))
        for context, table in zip(contexts, self._tables, strict=False):
            chance = table.mix_all(context, chance)
        return chance

    def _check_fitted(self, name: str) -> None:
        if not self._tables:
            raise ValueError(f"NGram.{name}: call fit(texts) first.")

    def _symbols(self, text: str) -> np.ndarray:
        """The start, then each character, as its place in ``characters``."""
        return np.array([0, *(self._places.get(character, 0) for character in text)])


@dataclass(frozen=True)
class _Counts:
    """How often each symbol came after each context of one length.

    The number of a context is the place of its last symbol, after the context that is
    one shorter, among the ``pairs`` of the table for that length; -1 is a new one.
    """

    symbols: int
    pairs: np.ndarray  # sorted: context × symbols + symbol; a last one larger than all
    times: np.ndarray  # how often each pair was counted
    totals: np.ndarray  # of each context; the last one, never counted, is 0
    kinds: np.ndarray  # how many different symbols came after each context

    @classmethod
    def of(cls, contexts: np.ndarray, came: np.ndarray, symbols: int) -> _Counts:
        known = contexts >= 0
        size = int(contexts.max()) + 2
        pairs, times = np.unique(
            contexts[known] * symbols + came[known], return_counts=True
        )
        return cls(
            symbols,
            np.append(pairs, np.iinfo(np.int64).max),
            np.append(times, 0),
            np.bincount(contexts[known], minlength=size),
            np.bincount(pairs // symbols, minlength=size),
        )

    def find(self, contexts: np.ndarray, came: np.ndarray) -> np.ndarray:
        """The place of each pair, -1 where it was never counted."""
        wanted = np.where(contexts >= 0, contexts * self.symbols + came, -1)
        places = np.searchsorted(self.pairs, wanted)
        return np.where(self.pairs[places] == wanted, places, -1)

    def mix(
        self, contexts: np.ndarray, came: np.ndarray, shorter: np.ndarray
    ) -> np.ndarray:
        """The chance of each symbol, given that after the context one shorter."""
        times = self.times[self.find(contexts, came)]  # -1 is the last one: 0 times
        contexts = np.where(contexts < len(self.totals), contexts, -1)
        totals = self.totals[contexts]
        # Of a new context nothing is known, so the shorter one has all the say.
        kinds = np.where(totals > 0, self.kinds[contexts], 1)
        return (times + kinds * shorter) / (totals + kinds)

    def place(self, context: int, symbol: int) -> int:
        """As `find`, of one pair."""
        wanted = context * self.symbols + symbol
        place = int(self.pairs.searchsorted(wanted))
        return place if self.pairs[place] == wanted else -1

    def mix_all(self, context: int, shorter: np.ndarray) -> np.ndarray:
        """As `mix`, of every symbol after one context."""
        if context >= len(self.totals) or not self.totals[context]:
            return shorter
        base = context * self.symbols
        first, end = self.pairs.searchsorted([base, base + self.symbols])
        times = np.zeros(self.symbols)
        times[self.pairs[first:end] - base] = self.times[first:end]
        kinds = self.kinds[context]
        return (times + kinds * shorter) / (self.totals[context] + kinds)


def _one_later(places: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """What ended at a symbol is the context of the next one, within one text."""
    contexts = np.concatenate([[-1], places[:-1]])
    contexts[begins] = -1
    return contexts


# The words that the models read, as scikit-learn finds them: a stored baseline needs no
# code of ours. An apostrophe, which Keras deletes, is kept: it parts no words.
_SIGNS = re.escape(string.punctuation)
_WORD = rf"[^\s{_SIGNS}]+(?:'[^\s{_SIGNS}]+)*"


def _read(text: str) -> list[str]:
    return re.findall(_WORD, text.lower())


def _counted(split: Split) -> dict[str, Any]:
    """What a vectorizer of scikit-learn counts, as its settings."""
    if split == "character":
        return {"analyzer": "char", "ngram_range": (1, 5)}
    return {"token_pattern": _WORD, "ngram_range": (1, 2)}


def _add_up(parts: csr_matrix, vectors: np.ndarray) -> np.ndarray:
    return parts @ vectors


def _season_rows(starts: ArrayLike, horizon: int, period: int) -> np.ndarray:
    """For each step ahead the latest row before the start in the same phase."""
    if period < 1:
        raise ValueError(f"period={period}: a season has at least 1 time step.")
    return np.asarray(starts)[:, np.newaxis] - period + np.arange(horizon) % period


def _look_up(series: ArrayLike, rows: np.ndarray) -> np.ndarray:
    values = np.asarray(series, dtype=float)
    if values.ndim != 1:
        raise ValueError(
            f"the series has shape {values.shape}; expected (rows,): one column, as "
            "in frame['vehicles']."
        )
    if rows.size and (rows.min() < 0 or rows.max() >= len(values)):
        raise ValueError(
            f"a forecast looks back on rows {rows.min()} to {rows.max()}, but the "
            f"series has the rows 0 to {len(values) - 1}. Start later, or look back "
            "less far."
        )
    return values[rows]


def _flat(windows: Windows) -> np.ndarray:
    """Every input of a window in one row: (samples, lookback × features + …)."""
    parts = [windows.inputs.reshape(len(windows), -1)]
    if windows.known is not None:
        parts.append(windows.known.reshape(len(windows), -1))
    return np.concatenate(parts, axis=1)


def _width(windows: Windows) -> int:
    """Numbers that are known of one step of one window."""
    past = windows.lookback * len(windows.columns)
    return past + 1 + len(windows.known_columns)


def _choice(train: Windows, seed: int) -> np.ndarray:
    """Which steps of the windows to learn from: all, or as many as have room."""
    steps = len(train) * train.horizon
    room = max(1, MOST_NUMBERS // _width(train))
    if steps <= room:
        return np.arange(steps)
    print(
        f"gradient_boosting: learns from {room:,} of the {steps:,} steps of its "
        f"training windows, drawn at random; all are {steps * _width(train):,} numbers."
    )
    random = np.random.default_rng(seed)
    return np.sort(random.choice(steps, room, replace=False))


def _parts(rows: int, width: int) -> list[slice]:
    """All rows of a table, not too many at a time."""
    size = max(1, _AT_ONCE // width)
    return [slice(start, start + size) for start in range(0, rows, size)]


def _by_step(windows: Windows, chosen: np.ndarray) -> np.ndarray:
    """What is known of the chosen steps, all windows one after the other.

    Shape (chosen, inputs), in float64: scikit-learn would make a copy of anything else.
    """
    table = np.empty((len(chosen), _width(windows)))
    for part in _parts(*table.shape):
        sample, step = np.divmod(chosen[part], windows.horizon)
        starts = windows.starts[sample]
        columns = [
            windows.inputs_at(starts).reshape(len(step), -1),
            step[:, np.newaxis],
        ]
        if windows.known_values is not None:
            columns.append(windows.known_values[starts + step])
        np.concatenate(columns, axis=1, out=table[part])
    return table


def _guess(windows: Windows, correct: str | None) -> np.ndarray:
    """The column that is corrected, shape (samples, horizon), or zeros."""
    if correct is None:
        return np.zeros((len(windows), windows.horizon), dtype=np.float32)
    column = windows.known_column(correct)
    assert windows.known is not None  # or there were no such column
    return windows.known[..., column]
