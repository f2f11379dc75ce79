"""Streams of characters for a model that carries its state from batch to batch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from simple_lstm._input_checks import check_texts
from simple_lstm.characters._lookup import is_plain


class CharacterStreams(keras.utils.PyDataset):
    """Long texts as a `keras.utils.PyDataset`, for a model that carries its state.

    All texts are joined, and as many readers as the batch has rows start at even
    distances. Row ``r`` of each batch goes on where row ``r`` of the batch before
    stopped, so the state in which a stateful LSTM ends one batch is the right one for
    the next. A target is the character after its input.

    Before each text comes an empty string: it tells the model that a new text begins.
    The last pieces of one reader may be the first of the next one, because all rows
    have the same length and no character is left out.

    The batches must be read in order, so pass ``shuffle=False`` to ``model.fit``, and
    `simple_lstm.callbacks.ResetStates` to begin each pass in a zero state.

    Parameters
    ----------
    texts : sequence of str
        What is read. A character that the model does not know is read as an empty
        string, too; ``unknown`` counts them.
    model : keras.Model
        Functional or Sequential, with the input shape (batch size, None) and a
        `keras.layers.StringLookup` for characters, as `character_model` makes it.
    time_steps : int
        Characters in each row of a batch. Gradients go back this far and no further;
        the state goes on.

    Attributes
    ----------
    unknown : int
        How many characters of the texts the model does not know.

    Raises
    ------
    ValueError
        If something is not text or has a NUL, the texts are too short to fill one
        batch, or the model has no fixed batch size of at least 2, no stateful layer, or
        no StringLookup. Later, if a batch is asked for out of order.

    References
    ----------
    Williams, R. J., & Peng, J. (1990). An efficient gradient-based algorithm for
    on-line training of recurrent network trajectories. *Neural Computation*, 2(4),
    490-501. (Truncated backpropagation through time.)

    Examples
    --------
    >>> from simple_lstm import callbacks, characters
    >>> model = characters.character_model(["abcdefgh"], units=4, batch_size=2)
    >>> streams = characters.CharacterStreams(["abcdefgh"], model, time_steps=2)
    >>> for inputs, targets in streams:
    ...     print(inputs.numpy().tolist(), targets.tolist())
    [[b'', b'a'], [b'd', b'e']] [[1, 2], [5, 6]]
    [[b'b', b'c'], [b'f', b'g']] [[3, 4], [7, 8]]
    >>> history = model.fit(
    ...     streams, shuffle=False, callbacks=[callbacks.ResetStates()], verbose=0
    ... )
    """

    def __init__(
        self, texts: Sequence[str], model: keras.Model, *, time_steps: int = 50
    ) -> None:
        super().__init__()
        check_texts(texts, "CharacterStreams")
        if time_steps < 1:
            raise ValueError(
                f"CharacterStreams(time_steps={time_steps}): a row needs at least 1 "
                "step."
            )
        rows, lookup = _rows_and_lookup(model)
        if "\0" in "".join(texts):
            raise ValueError(
                "CharacterStreams: there is a NUL character in the texts, which means "
                "the start of a text here. Take it out: text.replace('\\0', '')."
            )
        # As code points, which take 4 bytes each; 0 is an empty string to NumPy.
        raw = "".join("\0" + text for text in texts).encode("utf-32-le")
        self._codes = np.frombuffer(raw, dtype="<u4")
        characters = sum(map(len, texts))
        steps = len(self._codes) - 1  # each with the next one as its target
        if steps < rows * time_steps:
            raise ValueError(
                f"CharacterStreams: the texts have {characters:,} characters, too few "
                f"for one batch of {rows} × {time_steps}. Give more text or fewer "
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
        self._last = -1  # the batch that was given last

    def __len__(self) -> int:
        return self._batches

    def __getitem__(self, index: int) -> tuple[tf.Tensor, np.ndarray]:
        self._check_turn(index)
        first = self._starts[:, np.newaxis] + index * self.time_steps
        places = first + np.arange(self.time_steps)  # (rows, time_steps)
        characters = self._codes[places].view("<U1")
        return tf.constant(characters), self._numbers[places + 1]

    def on_epoch_begin(self) -> None:
        """Begin at the first batch, if Keras has only had a look at the first two.

        Or a shuffled order that begins with the third one would seem to go on there.
        """
        if self._last <= 1:
            self._last = -1

    def _check_turn(self, index: int) -> None:
        """Refuse a batch that the state of the model does not fit."""
        if self.workers > 1 or self.use_multiprocessing:
            raise ValueError(
                f"CharacterStreams: workers={self.workers}, use_multiprocessing="
                f"{self.use_multiprocessing} would fetch batches out of order. Leave "
                "them at 1 and False."
            )
        if index not in range(len(self)):
            raise IndexError(
                f"CharacterStreams: there is no batch {index}; the batches are 0 to "
                f"{len(self) - 1}."
            )
        if index not in (0, self._last + 1):
            raise ValueError(
                f"CharacterStreams: batch {index} was asked for, but it is the turn of "
                f"batch {self._last + 1}: each row goes on where it stopped in the "
                "batch before. Keras shuffles by default: use model.fit(streams, "
                "shuffle=False), and separate streams for validation."
            )
        self._last = index


def _rows_and_lookup(model: keras.Model) -> tuple[int, keras.layers.StringLookup]:
    """The batch size of a character model, and the layer that numbers characters."""
    parts = model._flatten_layers()  # also those inside other models
    lookups = [part for part in parts if isinstance(part, keras.layers.StringLookup)]
    if len(lookups) != 1:
        raise ValueError(
            f"CharacterStreams: the model has {len(lookups) or 'no'} StringLookup "
            "layers; expected one, which numbers what is read and what comes next. "
            "Make one with characters.character_model."
        )
    if not is_plain(lookups[0]):
        raise ValueError(
            "CharacterStreams: the StringLookup of the model must give whole numbers, "
            "one to unknown characters, and no mask. Make one with "
            "characters.character_model."
        )
    shape = model.input_shape
    if len(shape) != 2 or shape[0] is None or shape[0] < 2:
        raise ValueError(
            f"CharacterStreams: the model takes {shape}, but to carry its state from "
            "batch to batch it needs a fixed batch size of at least 2. Build it with "
            "batch_size=..."
        )
    if not any(getattr(part, "stateful", False) for part in parts):
        raise ValueError(
            "CharacterStreams: no layer of the model is stateful, so no state is "
            "carried from batch to batch. Build its LSTM with stateful=True."
        )
    return shape[0], lookups[0]
