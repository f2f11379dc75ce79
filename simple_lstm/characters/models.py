"""A Keras model of stock layers that predicts the next character.

`keras.saving.load_model` opens a saved model where simple_lstm is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from simple_lstm._input_checks import check_texts
from simple_lstm._keras_layers import full_precision


def character_model(
    texts: Sequence[str],
    *,
    units: int = 128,
    embedding_dim: int = 32,
    dropout: float = 0.0,
    batch_size: int | None = None,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 2e-2,
    weight_decay: float = 0.1,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that predicts, after each character, the next one.

    With a ``batch_size`` the LSTM is *stateful*: it begins each batch in the state in
    which it ended the one before, as training with `CharacterStreams` requires. Such a
    model takes only batches of this size. For other sizes, copy its weights to a model
    without one: ``model.set_weights(trained.get_weights())``.

    Parameters
    ----------
    texts : sequence of str
        The training texts. The model knows the characters in them.
    units : int
        Size of the LSTM's state.
    embedding_dim : int
        Numbers that represent one character (its embedding).
    dropout : float
        The fraction of the LSTM's output left out at random during training.
    batch_size : int, optional
        Rows of a batch. Without it a batch may have any size, and the LSTM begins each
        one in a zero state.
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule
        For the Muon optimizer.
    weight_decay : float
        Each update shrinks each weight by this fraction times the learning rate.
    seed : int
        For the weights, and for Keras' other random numbers.

    Returns
    -------
    keras.Model
        From single characters, strings of shape (batch, time_steps), to probabilities
        (batch, time_steps, symbols). Symbol 0 means the start of a text, written as an
        empty string, and any unknown character; the others are the vocabulary of the
        layer ``characters_to_numbers``, in its order.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, or has no character in it.

    References
    ----------
    Graves, A. (2013). Generating sequences with recurrent neural networks.
    https://arxiv.org/abs/1308.0850

    Jordan, K., et al. (2024). *Muon: An optimizer for hidden layers in neural
    networks*. https://kellerjordan.github.io/posts/muon/

    Examples
    --------
    >>> import tensorflow as tf
    >>> from simple_lstm import characters
    >>> model = characters.character_model(["to be or not to be"], units=4)
    >>> model(tf.constant([list("not to")])).shape
    TensorShape([1, 6, 8])
    """
    check_texts(texts, "character_model")
    symbols = sorted(set().union(*texts) - {"\0"})  # NUL is an empty string to Keras
    if not symbols:
        raise ValueError("character_model: there is no character in the texts.")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, None), dtype="string"),
            layers.StringLookup(vocabulary=symbols, name="characters_to_numbers"),
            layers.Embedding(len(symbols) + 1, embedding_dim),
            layers.LSTM(units, return_sequences=True, stateful=batch_size is not None),
            layers.Dropout(dropout),
            layers.Dense(
                len(symbols) + 1, activation="softmax", dtype=full_precision()
            ),
        ]
    )
    model.compile(
        keras.optimizers.Muon(learning_rate, weight_decay=weight_decay, clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
    )
    # Otherwise a model with weights copied from another one would warn when loaded.
    model.optimizer.build(model.trainable_variables)
    return model
