"""What an LSTM has to beat on texts: fitted scikit-learn pipelines.

None of them knows the order of the words, except within pairs of neighbors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm.text._splitting import check_words
from simple_lstm.text.vectors import WordVectors
from simple_lstm.text.words import SIGNS, TokenSplit, cut_words

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.pipeline import Pipeline


def naive_bayes(
    texts: Sequence[str], labels: ArrayLike, *, split: TokenSplit = "whitespace"
) -> Pipeline:
    """Multinomial naive Bayes on TF-IDF weights of words and pairs of neighbors.

    It adds up how strongly each word, and each pair, speaks for a class. It is fast,
    and hard to beat on short texts.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    split : {"whitespace", "character"}
        What is counted: words and pairs of neighbors, or up to five characters in a
        row, for languages without spaces between words.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, something in it is not text, it has no word, or
        most texts have no spaces between their words.

    References
    ----------
    Rennie, J. D. M., Shih, L., Teevan, J., & Karger, D. R. (2003). Tackling the poor
    assumptions of naive Bayes text classifiers. *ICML*, 616-623.

    Wang, S., & Manning, C. D. (2012). Baselines and bigrams: simple, good sentiment and
    topic classification. *ACL*, 90-94.

    Examples
    --------
    >>> from simple_lstm import text
    >>> model = text.naive_bayes(["a fine film", "a dull film"], [1, 0])
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
    C: float = 10.0,
    split: TokenSplit = "whitespace",
) -> Pipeline:
    """Logistic regression on TF-IDF weights of words and pairs of neighbors.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    C : float
        As in scikit-learn: a smaller value penalizes large weights more.
    split : {"whitespace", "character"}
        What is counted: words and pairs of neighbors, or up to five characters in a
        row, for languages without spaces between words.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, something in it is not text, it has no word, or
        most texts have no spaces between their words.

    References
    ----------
    Salton, G., & Buckley, C. (1988). Term-weighting approaches in automatic text
    retrieval. *Information Processing & Management*, 24(5), 513-523.

    Examples
    --------
    >>> from simple_lstm import text
    >>> model = text.bag_of_words(["a fine film", "a dull film"], [1, 0])
    >>> model.predict(["fine, very fine"])
    array([1])
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    check_words(texts, "bag_of_words", split, _read)
    weights = TfidfVectorizer(**_counted(split), sublinear_tf=True)
    model = make_pipeline(weights, LogisticRegression(C=C, max_iter=1000))
    return model.fit(texts, labels)


def averaged_vectors(
    texts: Sequence[str],
    labels: ArrayLike,
    vectors: WordVectors,
    *,
    C: float = 0.05,
) -> Pipeline:
    """Logistic regression on the mean of the word vectors of a text.

    It shows what word vectors are worth without the order of the words.

    Parameters
    ----------
    texts : sequence of str
        Training texts.
    labels : array_like, shape (samples,)
        Their classes.
    vectors : simple_lstm.text.WordVectors
        The vectors that the LSTM starts from. A word without one is skipped; a text of
        only such words has the mean zero.
    C : float
        As in scikit-learn: a smaller value penalizes large weights more.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, something in it is not text, it has no word, or
        most texts have no spaces between their words and the vectors are of words.

    References
    ----------
    Iyyer, M., Manjunatha, V., Boyd-Graber, J., & Daumé III, H. (2015). Deep unordered
    composition rivals syntactic methods for text classification. *ACL*, 1681-1691.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import text
    >>> vectors = text.WordVectors(["good", "bad"], np.eye(2))
    >>> model = text.averaged_vectors(["a good film", "a bad film"], [1, 0], vectors)
    >>> model.predict(["good, very good"])
    array([1])
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

    check_words(texts, "averaged_vectors", vectors.split)
    model = make_pipeline(
        CountVectorizer(
            vocabulary=vectors.words, analyzer=partial(cut_words, split=vectors.split)
        ),
        Normalizer("l1"),  # counts become parts of the text
        FunctionTransformer(partial(_add_up, vectors=vectors.vectors)),
        StandardScaler(),
        LogisticRegression(C=C, max_iter=1000),
    )
    return model.fit(texts, labels)


# The words that the models read, as scikit-learn finds them: a saved baseline needs no
# code of ours. An apostrophe, which Keras deletes, is kept: it separates no words.
_WORD = rf"[^\s{SIGNS}]+(?:'[^\s{SIGNS}]+)*"


def _read(text: str) -> list[str]:
    return re.findall(_WORD, text.lower())


def _counted(split: TokenSplit) -> dict[str, Any]:
    """Settings of a scikit-learn vectorizer: what it counts."""
    if split == "character":
        return {"analyzer": "char", "ngram_range": (1, 5)}
    return {"token_pattern": _WORD, "ngram_range": (1, 2)}


def _add_up(parts: csr_matrix, vectors: np.ndarray) -> np.ndarray:
    return parts @ vectors
