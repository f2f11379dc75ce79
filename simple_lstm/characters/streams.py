"""Streams of characters for a model that carries its state from batch to batch."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from simple_lstm._checking import check_texts


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
