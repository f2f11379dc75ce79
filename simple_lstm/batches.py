"""Batches for Keras: windows without copies, texts with little padding, streams."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from simple_lstm._checking import check_texts
from simple_lstm.words import Split

if TYPE_CHECKING:
    from simple_lstm.preprocessing import Windows


class Batches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of windows.

    It is made by `simple_lstm.preprocessing.Windows.batches`. Each batch is ``(inputs,
    targets)``, or ``({"inputs": …, "known": …}, targets)`` where something is known
    ahead.

    Parameters
    ----------
    windows : simple_lstm.preprocessing.Windows
        The windows to batch.
    batch_size : int
        Windows in a batch; the last batch may be smaller.
    shuffle : bool
        Draw a new order for every pass.
    seed : int
        The same seed gives the same orders.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int = 64,
        *,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(
                f"batches(batch_size={batch_size}): a batch needs at least 1 window."
            )
        self.windows = windows
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self._starts = windows.starts.copy() if shuffle else windows.starts
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._starts) / self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        starts = self._starts[index * self.batch_size : (index + 1) * self.batch_size]
        inputs = self.windows.inputs_at(starts)
        targets = self.windows.targets_at(starts)
        known = self.windows.known_at(starts)
        if known is None:
            return inputs, targets
        return {"inputs": inputs, "known": known}, targets

    def on_epoch_end(self) -> None:
        """Draw the order of the next pass."""
        if self.shuffle:
            self._random.shuffle(self._starts)


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
    >>> from simple_lstm import batches
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


class TextStreams(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of long texts, for a model that carries its state.

    All texts are put one after the other, and as many readers as the batch has rows
    start at even distances. Row ``r`` of every batch is what reader ``r`` comes to
    next, so the state in which a stateful LSTM ends one batch is the right one to begin
    the next with. A target is the character that follows its input.

    Before each text stands an empty string: it tells the model that what comes next has
    nothing to do with what came before. The last pieces of one reader may be the first
    of the next one, for all rows are equally long and nothing is left out.

    Parameters
    ----------
    texts : sequence of str
        What is read. A character that the model does not know is read as an empty
        string, too; ``unknown`` counts them.
    model : keras.Model
        Functional or Sequential, with the input shape (batch size, None) and a
        `keras.layers.StringLookup` for characters, as `simple_lstm.models` makes it.
    time_steps : int
        Characters in each row of a batch. Gradients go back so far and no further;
        the state goes on.

    Attributes
    ----------
    unknown : int
        How many characters of the texts the model does not know.

    Raises
    ------
    ValueError
        If something is no text or holds a NUL, the texts are too short to fill one
        batch, or the model has no fixed batch size of 2 or more, no stateful
        layer, or no StringLookup.

    References
    ----------
    Williams, R. J., & Peng, J. (1990). An efficient gradient-based algorithm for
    on-line training of recurrent network trajectories. *Neural Computation*, 2(4),
    490-501. (Truncated backpropagation through time.)

    Examples
    --------
    >>> from simple_lstm import batches, models
    >>> model = models.character_model(["abcdefgh"], units=4, batch_size=2)
    >>> streams = batches.TextStreams(["abcdefgh"], model, time_steps=2)
    >>> for inputs, targets in streams:
    ...     print(inputs.numpy().tolist(), targets.tolist())
    [[b'', b'a'], [b'd', b'e']] [[1, 2], [5, 6]]
    [[b'b', b'c'], [b'f', b'g']] [[3, 4], [7, 8]]
    """

    def __init__(
        self, texts: Sequence[str], model: keras.Model, *, time_steps: int = 50
    ) -> None:
        super().__init__()
        check_texts(texts, "TextStreams")
        if time_steps < 1:
            raise ValueError(
                f"TextStreams(time_steps={time_steps}): a row needs at least 1 step."
            )
        rows, lookup = _rows_and_lookup(model)
        if "\0" in "".join(texts):
            raise ValueError(
                "TextStreams: there is a NUL character in the texts, which stands for "
                "the start of a text here. Take it out: text.replace('\\0', '')."
            )
        # As code points, which take 4 bytes each; 0 is an empty string to NumPy.
        raw = "".join("\0" + text for text in texts).encode("utf-32-le")
        self._codes = np.frombuffer(raw, dtype="<u4")
        characters = sum(map(len, texts))
        steps = len(self._codes) - 1  # each with the next one as its target
        if steps < rows * time_steps:
            raise ValueError(
                f"TextStreams: the texts have {characters:,} characters, too few for "
                f"one batch of {rows} × {time_steps}. Give more text, fewer "
                "time_steps, or build the model with a smaller batch_size."
            )
        codes, places = np.unique(self._codes, return_inverse=True)
        numbers = lookup(tf.constant(codes.view("<U1"))).numpy().astype(np.int32)
        self._numbers = numbers[places]
        self.unknown = characters - np.count_nonzero(self._numbers)
        self.time_steps = time_steps
        self._batches = -(-steps // (rows * time_steps))
        length = self._batches * time_steps
        self._starts = np.linspace(0, steps - length, rows).astype(int)

    def __len__(self) -> int:
        return self._batches

    def __getitem__(self, index: int) -> tuple[tf.Tensor, np.ndarray]:
        first = self._starts[:, np.newaxis] + index * self.time_steps
        places = first + np.arange(self.time_steps)  # (rows, time_steps)
        characters = self._codes[places].view("<U1")
        return tf.constant(characters), self._numbers[places + 1]


def _rows_and_lookup(model: keras.Model) -> tuple[int, keras.layers.StringLookup]:
    """The batch size of a model of characters, and the layer that numbers them."""
    parts = model._flatten_layers()  # those inside other models, too
    lookups = [part for part in parts if isinstance(part, keras.layers.StringLookup)]
    if len(lookups) != 1:
        raise ValueError(
            f"TextStreams: the model has {len(lookups) or 'no'} StringLookup layers, "
            "and needs one, which numbers what is read and what comes next. Make one "
            "with models.character_model."
        )
    settings = lookups[0].get_config()
    due = {"num_oov_indices": 1, "mask_token": None, "output_mode": "int"}
    if any(settings[name] != value for name, value in due.items()):
        raise ValueError(
            "TextStreams: the StringLookup of the model must give whole numbers, one "
            "to unknown characters, and no mask. Make one with models.character_model."
        )
    shape = model.input_shape
    if len(shape) != 2 or shape[0] is None or shape[0] < 2:
        raise ValueError(
            f"TextStreams: the model takes {shape}, but to carry its state from batch "
            "to batch it needs a fixed batch size, and 2 or more. Build it with "
            "batch_size=..."
        )
    if not any(getattr(part, "stateful", False) for part in parts):
        raise ValueError(
            "TextStreams: no layer of the model is stateful, so no state is carried "
            "from batch to batch. Build its LSTM with stateful=True."
        )
    return shape[0], lookups[0]
