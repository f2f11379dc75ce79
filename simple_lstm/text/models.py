"""A Keras model of stock layers that reads a text and names its class.

`keras.saving.load_model` opens a saved model where simple_lstm is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from simple_lstm._keras_layers import full_precision
from simple_lstm.text import _words
from simple_lstm.text.vectors import WordVectors
from simple_lstm.text.words import Split


def text_classifier(
    texts: Sequence[str],
    *,
    classes: int = 2,
    vectors: WordVectors | None = None,
    fine_tune: bool = False,
    split: Split = "whitespace",
    time_steps: int = 60,
    vocabulary: int = 20_000,
    dimensions: int = 100,
    units: int = 64,
    dropout: float = 0.5,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that reads a text, word by word, and names its class.

    Texts are cut into words inside the model: it takes strings. ASCII punctuation is
    deleted and A to Z become lower case; what white space parts is a word. A printed
    line says how many texts lose something by that; `simple_lstm.text.words.separate` helps.

    Parameters
    ----------
    texts : sequence of str
        The training texts. Without ``vectors``, words that stand in them at least twice
        are known to the model; the others are all the same to it.
    classes : int
        2 gives one sigmoid output (the probability of label 1); more give a softmax
        output for each class. Labels are the integers from 0.
    vectors : simple_lstm.word_vectors.WordVectors, optional
        The embedding, instead of one that starts from random numbers. The model then
        knows their words and no others.
    fine_tune : bool
        Whether training changes the vectors. If not, words that no training text has
        stay comparable to those that it has.
    split : {"whitespace", "character"}
        Where texts are cut: at white space, or after every character, for languages
        that put no spaces between words. All that is said of words then goes for
        characters.
    time_steps : int
        The most words that are read. What comes after them in a text is not:
        `words_not_read` counts it.
    vocabulary : int
        The most words that are taken from the texts, the commonest first.
    dimensions : int
        Size of the embedding if there are no vectors.
    units : int
        Size of the LSTM's state.
    dropout : float
        The part of the dimensions of the embedding that is left out at random, for a
        whole text at a time, while training.
    learning_rate : float
        Of the Adam optimizer.
    seed : int
        Of the weights, and of Keras' other random numbers.

    Returns
    -------
    keras.Model
        From strings (batch,) to (batch, 1) or (batch, classes). A text may be of any
        length, also empty. The layer ``words_to_numbers`` holds the vocabulary. Give
        Keras an object array or ``tf.constant(texts)``: it refuses lists of str. Save
        it as ``.keras``: it cannot be loaded from an ``.h5`` file.

    Raises
    ------
    ValueError
        If there are fewer than 2 classes or 1 time step, or ``texts`` is a single text
        or has no word in it twice and there are no vectors. If most texts have no
        spaces between their words, or the vectors are of texts that were cut otherwise.

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
    >>> model = models.text_classifier(["a good film", "a bad film"], units=4)
    >>> model(tf.constant(["good", "", "a film of any length"])).shape
    TensorShape([3, 1])
    """
    _words.check_words(texts, "text_classifier", split)
    if classes < 2 or min(time_steps, vocabulary) < 1:
        raise ValueError(
            f"text_classifier(classes={classes}, time_steps={time_steps}, vocabulary="
            f"{vocabulary}): there must be at least 2 classes, 1 time step and 1 word."
        )
    words = _known_words(texts, vectors, vocabulary, split)
    keras.utils.set_random_seed(seed)
    text = keras.Input((), dtype="string", name="text")
    numbers = layers.TextVectorization(
        vocabulary=words, split=split, name="words_to_numbers"
    )(text)
    # A step of padding, so that a batch of empty texts has a step at all.
    numbers = keras.ops.pad(numbers, [[0, 0], [0, 1]])[:, :time_steps]
    if vectors is not None:
        dimensions = vectors.vectors.shape[1]
    embedding = layers.Embedding(
        len(words) + 2,
        dimensions,
        mask_zero=True,
        trainable=fine_tune or vectors is None,
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
    texts: Sequence[str], vectors: WordVectors | None, most: int, split: Split
) -> list[str]:
    """The words of the vectors; without them, those that stand in the texts twice.

    From the others the model learns what to make of an unknown word.
    """
    if vectors is not None:
        if vectors.split != split:
            raise ValueError(
                f'text_classifier(split="{split}"): the vectors are of texts that were '
                f'cut with split="{vectors.split}". Give the same here.'
            )
        return vectors.words
    words, numbers, _ = _words.number(texts, split=split)
    times = np.bincount(numbers, minlength=len(words))
    common = [word for word, count in zip(words, times, strict=True) if count > 1]
    if not common:
        raise ValueError(
            "text_classifier: no word occurs twice in the texts, so none could be "
            "learned. Give more texts, or vectors, or cut them into characters: "
            'split="character".'
        )
    return common[:most]


def _rows_of_embedding(vectors: np.ndarray) -> np.ndarray:
    """Zeros for padding and for unknown words, then the vectors with a spread near 1.

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
    sparse = (
        "binary_crossentropy" if classes == 2 else "sparse_categorical_crossentropy"
    )
    model.compile(
        keras.optimizers.Adam(learning_rate), loss=sparse, metrics=["accuracy"]
    )


def _save_as_keras_alone(model: keras.Model) -> None:
    """Let ``model.save`` refuse HDF5, from which Keras cannot load operations."""
    save = model.save

    def save_as_keras(filepath: Any, *arguments: Any, **options: Any) -> None:
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                f"save({str(filepath)!r}): a model of texts cannot be loaded from an "
                "HDF5 file. Give it a name that ends in .keras."
            )
        save(filepath, *arguments, **options)

    vars(model)["save"] = save_as_keras
