"""A Keras model of stock layers that reads a text and predicts its class.

`keras.saving.load_model` opens a saved model where simple_lstm is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from simple_lstm._keras_layers import full_precision
from simple_lstm.text._splitting import check_words, number_words
from simple_lstm.text.vectors import WordVectors
from simple_lstm.text.words import TokenSplit


def text_classifier(
    texts: Sequence[str],
    *,
    classes: int = 2,
    vectors: WordVectors | None = None,
    trainable: bool = False,
    split: TokenSplit = "whitespace",
    time_steps: int = 60,
    max_tokens: int = 20_000,
    embedding_dim: int = 100,
    units: int = 64,
    dropout: float = 0.5,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that reads a text word by word and predicts its class.

    The model takes strings and splits them into words itself: it deletes ASCII
    punctuation, lowercases A to Z, and splits at whitespace. A printed line says how
    many texts lose something by that; `separate_words` helps.

    Parameters
    ----------
    texts : sequence of str
        The training texts. Without ``vectors``, the model knows the words that occur in
        them at least twice; all others are the same to it.
    classes : int
        2 gives one sigmoid output (the probability of label 1); more give one softmax
        output for each class. Labels are integers from 0.
    vectors : simple_lstm.text.WordVectors, optional
        The embedding, instead of one that starts from random numbers. The model then
        knows their words and no others.
    trainable : bool
        Whether training changes the vectors. If not, words that are in no training text
        stay comparable with those that are.
    split : {"whitespace", "character"}
        Where texts are split: at whitespace, or after every character, for languages
        without spaces between words. Everything said about words then applies to
        characters.
    time_steps : int
        The most words that are read. Later words of a text are not:
        `simple_lstm.diagnostics.words_not_read` counts them.
    max_tokens : int
        Size of the vocabulary as Keras counts it, with the tokens for padding and for
        unknown words: the model knows the ``max_tokens - 2`` most common words. With
        ``vectors`` it has no effect.
    embedding_dim : int
        Size of the embedding. With ``vectors`` it has no effect.
    units : int
        Size of the LSTM's state.
    dropout : float
        The fraction of the embedding's dimensions left out at random, for a whole text
        at a time, during training.
    learning_rate : float
        For the Adam optimizer.
    seed : int
        For the weights, and for Keras' other random numbers.

    Returns
    -------
    keras.Model
        From strings (batch,) to probabilities (batch, 1) or (batch, classes). A text
        may have any length, even 0. The layer ``words_to_numbers`` holds the
        vocabulary. Keras refuses lists of strings: use `TextBatches`,
        ``tf.constant(texts)``, or an object array. Save the model as ``.keras``: it
        cannot be loaded from an ``.h5`` file.

    Raises
    ------
    ValueError
        If ``texts`` is a single text or has no word; if no word occurs twice and there
        are no vectors; if most texts have no spaces between their words; if the vectors
        come from texts that were split differently; or if ``classes`` is less than 2,
        ``time_steps`` less than 1, or ``max_tokens`` less than 3.

    References
    ----------
    Dai, A. M., & Le, Q. V. (2015). Semi-supervised sequence learning. *Advances in
    Neural Information Processing Systems*, 28. (Starting an LSTM from unlabeled text.)

    Gal, Y., & Ghahramani, Z. (2016). A theoretically grounded application of dropout in
    recurrent neural networks. *Advances in Neural Information Processing Systems*, 29.

    Examples
    --------
    >>> import tensorflow as tf
    >>> from simple_lstm import text
    >>> model = text.text_classifier(["a good film", "a bad film"], units=4)
    >>> model(tf.constant(["good", "", "a film of any length"])).shape
    TensorShape([3, 1])
    """
    check_words(texts, "text_classifier", split)
    if classes < 2 or time_steps < 1 or max_tokens < 3:
        raise ValueError(
            f"text_classifier(classes={classes}, time_steps={time_steps}, max_tokens="
            f"{max_tokens}): there must be at least 2 classes, 1 time step, and 3 "
            "tokens (padding, unknown, and one word)."
        )
    words = _known_words(texts, vectors, max_tokens - 2, split)
    keras.utils.set_random_seed(seed)
    text = keras.Input((), dtype="string", name="text")
    numbers = layers.TextVectorization(
        vocabulary=words, split=split, name="words_to_numbers"
    )(text)
    # A step of padding, so that a batch of empty texts has a step at all.
    numbers = keras.ops.pad(numbers, [[0, 0], [0, 1]])[:, :time_steps]
    if vectors is not None:
        embedding_dim = vectors.vectors.shape[1]
    embedding = layers.Embedding(
        len(words) + 2,
        embedding_dim,
        mask_zero=True,
        trainable=trainable or vectors is None,
        name="embedding",
    )
    embedded = layers.SpatialDropout1D(dropout)(embedding(numbers))
    model = keras.Model(
        text, _class_probabilities(classes)(layers.LSTM(units)(embedded))
    )
    if vectors is not None:
        embedding.set_weights([_rows_of_embedding(vectors.vectors)])
    _compile_classifier(model, classes, learning_rate)
    _save_as_keras_alone(model)
    return model


def _known_words(
    texts: Sequence[str], vectors: WordVectors | None, most: int, split: TokenSplit
) -> list[str]:
    """The words of the vectors; without them, those that occur in the texts twice.

    From the others the model learns how to treat an unknown word.
    """
    if vectors is not None:
        if vectors.split != split:
            raise ValueError(
                f'text_classifier(split="{split}"): the vectors come from texts that '
                f'were split with split="{vectors.split}". Pass the same here.'
            )
        return vectors.words
    words, numbers, _ = number_words(texts, split=split)
    times = np.bincount(numbers, minlength=len(words))
    common = [word for word, count in zip(words, times, strict=True) if count > 1]
    if not common:
        raise ValueError(
            "text_classifier: no word occurs twice in the texts, so there is none to "
            "learn. Give more texts, or vectors, or split them into characters: "
            'split="character".'
        )
    return common[:most]


def _rows_of_embedding(vectors: np.ndarray) -> np.ndarray:
    """Zeros for padding and for unknown words, then the vectors at a spread near 1.

    An LSTM learns best from inputs of that size.
    """
    padding_and_unknown = np.zeros((2, vectors.shape[1]), dtype=np.float32)
    spread = float(vectors.std())
    return np.vstack([padding_and_unknown, vectors / (spread if spread > 0 else 1.0)])


def _class_probabilities(classes: int) -> layers.Dense:
    """The last layer of a classifier."""
    if classes == 2:
        return layers.Dense(1, activation="sigmoid", dtype=full_precision())
    return layers.Dense(classes, activation="softmax", dtype=full_precision())


def _compile_classifier(model: keras.Model, classes: int, learning_rate: float) -> None:
    loss = "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.Adam(learning_rate), loss=loss, metrics=["accuracy"])


def _save_as_keras_alone(model: keras.Model) -> None:
    """Make ``model.save`` refuse HDF5, from which Keras cannot load operations."""
    save = model.save

    def save_as_keras(filepath: Any, *arguments: Any, **options: Any) -> None:
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"save({str(filepath)!r}): a text model cannot be loaded from an HDF5 "
                "file. Give it a name that ends in .keras."
            )
        save(filepath, *arguments, **options)

    vars(model)["save"] = save_as_keras
