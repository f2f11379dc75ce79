"""Word vectors counted from texts without labels.

Words that stand in the same company mean something alike. To count the company is
enough for useful vectors: no network is trained here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from simple_lstm.text import _words
from simple_lstm.text.words import Split


@dataclass(frozen=True, repr=False)
class WordVectors:
    """A vector for each word.

    Attributes
    ----------
    words : list of str
        The commonest first.
    vectors : numpy.ndarray, float32, shape (words, dimensions)
        One row for each word. Rows have length 1; a word without any company has
        zeros.
    split : {"whitespace", "character"}
        How texts were cut: into words, or into characters.
    """

    words: list[str]
    vectors: np.ndarray
    split: Split = "whitespace"

    def __post_init__(self) -> None:
        if np.ndim(self.vectors) != 2 or len(self.words) != len(self.vectors):
            raise ValueError(
                f"WordVectors: {len(self.words):,} words but vectors of shape "
                f"{np.shape(self.vectors)}; expected one row for each word."
            )

    def __repr__(self) -> str:
        words, dimensions = self.vectors.shape
        return f"WordVectors({words:,} words, {dimensions} dimensions)"

    def neighbours(self, word: str, number: int = 8) -> list[str]:
        """The words whose vectors point most nearly the same way.

        Parameters
        ----------
        word : str
            As the texts were cut: in lower case, without punctuation.
        number : int
            How many neighbours.

        Returns
        -------
        list of str
            The nearest first, by the cosine of the angle.

        Raises
        ------
        ValueError
            If the word has no vector, or one of zeros.
        """
        if word not in self.words:
            raise ValueError(
                f"neighbours({word!r}): this word has no vector. Words are in lower "
                "case and without punctuation, and rare ones were left out."
            )
        directions = _of_length_1(self.vectors)
        place = self.words.index(word)
        if not directions[place].any():
            raise ValueError(
                f"neighbours({word!r}): it stood near no other word, so it has no "
                "neighbors."
            )
        nearest = np.argsort(-(directions @ directions[place]), kind="stable")
        return [self.words[other] for other in nearest if other != place][:number]


def count(
    texts: Sequence[str],
    *,
    dimensions: int = 100,
    window: int | tuple[int | None, ...] | None = 5,
    vocabulary: int = 20_000,
    split: Split = "whitespace",
    seed: int = 0,
) -> WordVectors:
    """Count which words stand near each other, and make vectors of the counts.

    Counts become positive pointwise mutual information (how much more often two meet
    than chance would have it), and a singular value decomposition keeps the main
    directions of that large table. Words are cut as the models of
    `simple_lstm.models.text_classifier` cut them.

    Parameters
    ----------
    texts : sequence of str
        Any texts of the kind that matters, the more the better; they need no labels.
        A printed line says how many lose something when they are cut into words.
    dimensions : int
        Numbers in each vector, for each window.
    window : int or None, or a tuple of them
        How many words to the left and to the right are near. A small window finds words
        of the same use; None takes the whole text, which finds words of the same topic
        and mood. A tuple gives the vectors of each side by side.
    vocabulary : int
        How many words get a vector, the commonest first.
    split : {"whitespace", "character"}
        Where texts are cut: at white space, or after every character, for languages
        that put no spaces between words. All that is said of words then goes for
        characters.
    seed : int
        Of the randomized decomposition.

    Returns
    -------
    WordVectors
        With at most ``vocabulary`` words.

    Raises
    ------
    ValueError
        If there are no texts, or fewer words or texts than dimensions, or most texts
        have no spaces between their words.

    References
    ----------
    Levy, O., & Goldberg, Y. (2014). Neural word embedding as implicit matrix
    factorization. *Advances in Neural Information Processing Systems*, 27.

    Levy, O., Goldberg, Y., & Dagan, I. (2015). Improving distributional similarity with
    lessons learned from word embeddings. *Transactions of the ACL*, 3, 211-225. (The
    square root of the singular values.)

    Halko, N., Martinsson, P.-G., & Tropp, J. A. (2011). Finding structure with
    randomness. *SIAM Review*, 53(2), 217-288.

    Examples
    --------
    >>> from simple_lstm import text
    >>> texts = ["a cup of tea", "a cup of coffee", "a piece of string"] * 4
    >>> found = word_vectors.count(texts, dimensions=3, window=2)
    >>> found
    WordVectors(7 words, 3 dimensions)
    >>> found.neighbours("tea", 1)
    ['coffee']
    """
    _words.check_words(texts, "word_vectors.count", split)
    windows = window if isinstance(window, tuple) else (window,)
    sizes = [1 if size is None else size for size in windows]
    if not windows or min(dimensions, vocabulary, *sizes) < 1:
        raise ValueError(
            f"word_vectors.count(dimensions={dimensions}, window={window}, "
            f"vocabulary={vocabulary}): each must be at least 1; window=None takes "
            "whole texts."
        )
    words, numbers, lengths = _words.number(texts, vocabulary, split)
    parts = []
    for size in windows:
        if size is None:
            counts = _count_texts(numbers, lengths, len(words))
        else:
            counts = _count_near(numbers, lengths, len(words), size)
        parts.append(_directions(counts, dimensions, seed))
    vectors = _of_length_1(np.hstack(parts))
    return WordVectors(words, vectors.astype(np.float32), split)


def _count_near(
    numbers: np.ndarray, lengths: np.ndarray, words: int, window: int
) -> sparse.csr_matrix:
    """How often each word stands near each other one: (words, words)."""
    text = np.repeat(np.arange(len(lengths)), lengths)
    counts = sparse.csr_matrix((words, words), dtype=np.float32)
    for distance in range(1, window + 1):
        left, right = numbers[:-distance], numbers[distance:]
        meet = (text[:-distance] == text[distance:]) & (left >= 0) & (right >= 0)
        counts = counts + _table(left[meet], right[meet], (words, words))
    return counts + counts.T


def _count_texts(
    numbers: np.ndarray, lengths: np.ndarray, words: int
) -> sparse.csr_matrix:
    """How often each word stands in each text: (words, texts)."""
    text = np.repeat(np.arange(len(lengths)), lengths)
    known = numbers >= 0
    return _table(numbers[known], text[known], (words, len(lengths)))


def _table(
    rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]
) -> sparse.csr_matrix:
    ones = np.ones(len(rows), dtype=np.float32)
    return sparse.coo_matrix((ones, (rows, columns)), shape=shape).tocsr()


def _directions(counts: sparse.csr_matrix, dimensions: int, seed: int) -> np.ndarray:
    """The main directions of a table of counts: (words, dimensions), rows of length 1.

    A row without any information stays zero.
    """
    from sklearn.utils.extmath import randomized_svd

    if min(counts.shape) < dimensions:
        raise ValueError(
            f"word_vectors.count(dimensions={dimensions}): the texts have "
            f"{counts.shape[0]:,} words in {counts.shape[1]:,} places; give more "
            "texts, or ask for fewer dimensions."
        )
    information = _positive_information(counts)
    left, values, _ = randomized_svd(information, dimensions, random_state=seed)
    return _of_length_1(left * np.sqrt(values))


def _of_length_1(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; a row of zeros stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def _positive_information(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Log of how much more often a pair is counted than chance would have it.

    Only what is positive is kept: that two words never meet may be chance.
    """
    of_rows, of_columns = (np.asarray(counts.sum(axis)).ravel() for axis in (1, 0))
    pairs = counts.tocoo()
    by_chance = of_rows[pairs.row] * (of_columns[pairs.col] / counts.sum())
    information = np.log(pairs.data / by_chance).astype(np.float32)
    kept = information > 0
    places = (pairs.row[kept], pairs.col[kept])
    return sparse.csr_matrix((information[kept], places), shape=counts.shape)
