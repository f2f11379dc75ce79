"""Batches of texts for Keras: in order, or shuffled with little padding."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from simple_lstm._input_checks import check_texts
from simple_lstm.text.words import TokenSplit, check_split, cut_words


class TextBatches(keras.utils.PyDataset):
    """Texts and labels as a `keras.utils.PyDataset`, in the order of the texts.

    It turns lists of strings into what Keras accepts. ``model.predict(batches)``
    answers in the order of ``batches.labels``. For training, pass
    ``batches.shuffled()`` to ``model.fit``.

    Parameters
    ----------
    texts : sequence of str
        What the model reads.
    labels : array_like, shape (samples, ...)
        One label for each text.
    batch_size : int
        Texts in a batch; the last batch may be smaller.

    Attributes
    ----------
    labels : numpy.ndarray, shape (samples, ...)
        In the order of the texts.

    Raises
    ------
    ValueError
        If there are no texts, not exactly one label for each, something is not text, or
        ``batch_size`` is less than 1.

    Examples
    --------
    >>> from simple_lstm import text
    >>> texts = ["short", "a much longer text", "brief", "long, but not the longest"]
    >>> batches = text.TextBatches(texts, [0, 1, 0, 1], batch_size=2)
    >>> for inputs, labels in batches:
    ...     print(inputs.numpy().tolist(), labels)
    [b'short', b'a much longer text'] [0 1]
    [b'brief', b'long, but not the longest'] [0 1]
    """

    def __init__(
        self, texts: Sequence[str], labels: ArrayLike, *, batch_size: int = 64
    ) -> None:
        super().__init__()
        check_texts(texts, "TextBatches")
        if batch_size < 1:
            raise ValueError(
                f"TextBatches(batch_size={batch_size}): a batch needs at least 1 text."
            )
        self.texts = list(texts)
        self.labels = np.asarray(labels)
        self.batch_size = batch_size
        if not self.texts:
            raise ValueError("TextBatches: there are no texts.")
        if self.labels.shape[:1] != (len(self.texts),):
            raise ValueError(
                f"TextBatches: {len(self.texts):,} texts, but labels of shape "
                f"{self.labels.shape}; give one label for each text."
            )

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> tuple[tf.Tensor, np.ndarray]:
        start = self._starts[index]
        batch = slice(start, start + self.batch_size)
        # Keras refuses lists of str.
        return tf.constant(self.texts[batch]), self.labels[batch]

    def __repr__(self) -> str:
        return f"{len(self.texts):,} texts, in batches of {self.batch_size:,}"

    @property
    def _starts(self) -> range:
        return range(0, len(self.texts), self.batch_size)

    def shuffled(
        self, *, seed: int = 0, split: TokenSplit = "whitespace"
    ) -> keras.utils.PyDataset:
        """The same texts for ``model.fit``: shuffled, those of similar length together.

        A batch is padded to its longest text. In a batch of random texts about half the
        time steps are padding; here few are, so training is faster. Which texts share a
        batch, and the order of the batches, change after every pass.

        Parameters
        ----------
        seed : int
            The same seed gives the same orders.
        split : {"whitespace", "character"}
            What the model counts as one time step: a word or a character.

        Returns
        -------
        keras.utils.PyDataset
            Each text once in every pass. One batch of a pass may be smaller.

        Raises
        ------
        ValueError
            If ``split`` is neither of the two.

        References
        ----------
        Khomenko, V., Shyshkov, O., Radyvonenko, O., & Bokhan, K. (2016). Accelerating
        recurrent neural network training using sequence bucketing and multi-GPU data
        parallelization. *IEEE DSMP*, 100-103. https://doi.org/10.1109/DSMP.2016.7583516

        Examples
        --------
        >>> from simple_lstm import text
        >>> texts = ["a", "three words here", "b", "three more words"]
        >>> batches = text.TextBatches(texts, [0, 1, 0, 1], batch_size=2)
        >>> sorted(labels.tolist() for _, labels in batches.shuffled())
        [[0, 0], [1, 1]]
        """
        check_split(split, "shuffled")
        lengths = np.array([len(cut_words(text, split)) for text in self.texts])
        return _ShuffledBatches(self, lengths, seed)


class _ShuffledBatches(keras.utils.PyDataset):
    """Batches of texts of similar length, drawn anew after each pass.

    This is a dataset of its own because ``predict`` calls ``on_epoch_end``, too, after
    which its answers would no longer be in the order of the labels.
    """

    def __init__(self, batches: TextBatches, lengths: np.ndarray, seed: int) -> None:
        super().__init__()
        self._all = batches
        self._lengths = lengths
        self._random = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, index: int) -> tuple[tf.Tensor, np.ndarray]:
        chosen = self._chosen[index]
        texts = [self._all.texts[place] for place in chosen]
        return tf.constant(texts), self._all.labels[chosen]

    def __repr__(self) -> str:
        return f"{self._all!r}, in a new random order for every pass"

    def on_epoch_end(self) -> None:
        """Draw the batches of the next pass."""
        order = self._random.permutation(len(self._lengths))
        order = order[np.argsort(self._lengths[order], kind="stable")]
        size = self._all.batch_size
        self._chosen = np.split(order, range(size, len(order), size))
        self._random.shuffle(self._chosen)
