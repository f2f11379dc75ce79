"""Word vectors counted from texts without labels.

Words in similar contexts have similar meanings. Counting the contexts is enough for
useful vectors: no network is trained here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from simple_lstm.text._splitting import check_words, number_words
from simple_lstm.text.words import TokenSplit


@dataclass(frozen=True, repr=False)
class WordVectors:
    """A vector for each word.

    Attributes
    ----------
    words : list of str
        The most common first.
    vectors : numpy.ndarray, float32, shape (words, embedding_dim)
        One row for each word. Rows have length 1; a word that is never near another one
        has zeros.
    split : {"whitespace", "character"}
        How the texts were split: into words, or into characters.
    """

    words: list[str]
    vectors: np.ndarray
    split: TokenSplit = "whitespace"

    def __post_init__(self) -> None:
        if np.ndim(self.vectors) != 2 or len(self.words) != len(self.vectors):
            raise ValueError(
                f"WordVectors: {len(self.words):,} words but vectors of shape "
                f"{np.shape(self.vectors)}; expected one row for each word."
            )

    def __repr__(self) -> str:
        words, dimensions = self.vectors.shape
        return f"WordVectors({words:,} words, {dimensions} dimensions)"

    def neighbors(self, word: str, number: int = 8) -> list[str]:
        """The words with the most similar vectors.

        Parameters
        ----------
        word : str
            As the model reads it: in lowercase, without punctuation.
        number : int
            How many neighbors.

        Returns
        -------
        list of str
            The nearest first, by the cosine of the angle between the vectors.

        Raises
        ------
        ValueError
            If the word has no vector, or one of zeros.
        """
        if word not in self.words:
            raise ValueError(
                f"neighbors({word!r}): this word has no vector. Words are in "
                "lowercase and without punctuation, and rare ones were left out."
            )
        directions = _of_length_1(self.vectors)
        place = self.words.index(word)
        if not directions[place].any():
            raise ValueError(
                f"neighbors({word!r}): it was never near another word, so it has no "
                "neighbors."
            )
        nearest = np.argsort(-(directions @ directions[place]), kind="stable")
        return [self.words[other] for other in nearest if other != place][:number]


def word_vectors(
    texts: Sequence[str],
    *,
    embedding_dim: int = 100,
    window: int | tuple[int | None, ...] | None = 5,
    max_tokens: int = 20_000,
    split: TokenSplit = "whitespace",
    seed: int = 0,
) -> WordVectors:
    """Count which words are near each other, and turn the counts into vectors.

    The counts become positive pointwise mutual information (how much more often two
    words meet than they would by chance), and a singular value decomposition keeps the
    main directions of that large table. Texts are split into words exactly as
    `text_classifier` splits them.

    Parameters
    ----------
    texts : sequence of str
        Texts like those you want to classify, the more the better; they need no labels.
        A printed line says how many lose something when they are split into words.
    embedding_dim : int
        Numbers in each vector, for each window.
    window : int or None, or a tuple of them
        How many words to the left and to the right count as near. A small window finds
        words that are used alike; None takes the whole text and finds words of the same
        topic and mood. A tuple gives the vectors of all its windows side by side.
    max_tokens : int
        Size of the vocabulary as Keras counts it, with the tokens for padding and for
        unknown words: the ``max_tokens - 2`` most common words get a vector.
    split : {"whitespace", "character"}
        Where texts are split: at whitespace, or after every character, for languages
        without spaces between words. Everything said about words then applies to
        characters.
    seed : int
        For the randomized decomposition.

    Returns
    -------
    WordVectors
        With at most ``max_tokens - 2`` words.

    Raises
    ------
    ValueError
        If there are no texts, ``max_tokens`` is less than 3, there are fewer words or
        texts than ``embedding_dim``, or most texts have no spaces between their words.

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
    >>> vectors = text.word_vectors(texts, embedding_dim=3, window=2)
    >>> vectors
    WordVectors(7 words, 3 dimensions)
    >>> vectors.neighbors("tea", 1)
    ['coffee']
    """
    check_words(texts, "word_vectors", split)
    windows = window if isinstance(window, tuple) else (window,)
    sizes = [1 if size is None else size for size in windows]
    if not windows or min(embedding_dim, *sizes) < 1 or max_tokens < 3:
        raise ValueError(
            f"word_vectors(embedding_dim={embedding_dim}, window={window}, max_tokens="
            f"{max_tokens}): embedding_dim and each window must be at least 1, and "
            "max_tokens at least 3 (padding, unknown, and one word). window=None takes "
            "whole texts."
        )
    words, numbers, lengths = number_words(texts, max_tokens, split)
    parts = []
    for size in windows:
        if size is None:
            counts = _count_texts(numbers, lengths, len(words))
        else:
            counts = _count_near(numbers, lengths, len(words), size)
        parts.append(_directions(counts, embedding_dim, seed))
    vectors = _of_length_1(np.hstack(parts))
    return WordVectors(words, vectors.astype(np.float32), split)


def _count_near(
    numbers: np.ndarray, lengths: np.ndarray, words: int, window: int
) -> sparse.csr_matrix:
    """How often each word is near each other word: (words, words)."""
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
    """How often each word is in each text: (words, texts)."""
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
            f"word_vectors(embedding_dim={dimensions}): the texts give a table of "
            f"{counts.shape[0]:,} words × {counts.shape[1]:,} contexts, too small for "
            "so many dimensions. Give more texts, or a smaller embedding_dim."
        )
    information = _positive_information(counts)
    left, values, _ = randomized_svd(information, dimensions, random_state=seed)
    return _of_length_1(left * np.sqrt(values))


def _of_length_1(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; a row of zeros stays as it is."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def _positive_information(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """Log of how much more often a pair is counted than it would be by chance.

    Only positive values are kept: that two words never meet may be chance.
    """
    of_rows, of_columns = (np.asarray(counts.sum(axis)).ravel() for axis in (1, 0))
    pairs = counts.tocoo()
    by_chance = of_rows[pairs.row] * (of_columns[pairs.col] / counts.sum())
    information = np.log(pairs.data / by_chance).astype(np.float32)
    kept = information > 0
    places = (pairs.row[kept], pairs.col[kept])
    return sparse.csr_matrix((information[kept], places), shape=counts.shape)
