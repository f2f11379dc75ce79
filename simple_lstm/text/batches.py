"""Batches of texts for Keras, with little padding."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from simple_lstm._checking import check_texts
from simple_lstm.text.words import Split


class TextBatches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of shuffled texts, those of like length together.

    A batch is padded to its longest text. In a batch of random texts about half the
    steps are padding; here few are, so training is quicker. Which texts meet, and the
    order of the batches, are drawn anew for every pass.

    Parameters
    ----------
    texts : sequence of str
        What the model reads.
    labels : array_like, shape (samples, ...)
        One label for each text.
    batch_size : int
        Texts in a batch; one batch of a pass may be smaller.
    split : {"whitespace", "character"}
        What the model counts as one step: what stands between white space, or a
        character.
    seed : int
        The same seed gives the same orders.

    Raises
    ------
    ValueError
        If there is not one label for each text, something is no text, or a batch would
        be empty.

    References
    ----------
    Khomenko, V., Shyshkov, O., Radyvonenko, O., & Bokhan, K. (2016). Accelerating
    recurrent neural network training using sequence bucketing and multi-GPU data
    parallelization. *IEEE DSMP*, 100-103. https://doi.org/10.1109/DSMP.2016.7583516

    Examples
    --------
    >>> from simple_lstm import text
    >>> texts = ["short", "a much longer text", "brief", "long, but not the longest"]
    >>> [len(labels) for _, labels in batches.TextBatches(texts, [0, 1, 0, 1], 2)]
    [2, 2]
    """

    def __init__(
        self,
        texts: Sequence[str],
        labels: ArrayLike,
        batch_size: int = 64,
        *,
        split: Split = "whitespace",
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_texts(texts, "TextBatches")
        if batch_size < 1:
            raise ValueError(
                f"TextBatches(batch_size={batch_size}): a batch needs at least 1 text."
            )
        self.texts = list(texts)
        self.labels = np.asarray(labels)
        if len(self.texts) != len(self.labels):
            raise ValueError(
                f"TextBatches: {len(self.texts):,} texts but {len(self.labels):,} "
                "labels; give one for each."
            )
        self.batch_size = batch_size
        self._random = np.random.default_rng(seed)
        parts = list if split == "character" else str.split
        self._lengths = np.array([len(parts(text)) for text in self.texts])
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[tf.Tensor, np.ndarray]:
        chosen = self._batches[index]
        texts = [self.texts[place] for place in chosen]
        return tf.constant(texts), self.labels[chosen]  # Keras refuses lists of str

    def on_epoch_end(self) -> None:
        """Draw the batches of the next pass."""
        order = self._random.permutation(len(self.texts))
        order = order[np.argsort(self._lengths[order], kind="stable")]
        ends = range(self.batch_size, len(order), self.batch_size)
        self._batches = np.split(order, ends)
        self._random.shuffle(self._batches)
