"""Keras models of stock layers only, and forecasts from them.

Each builder takes the training data, because the scaling is part of the model: it
takes values in their own units and answers in them. `keras.saving.load_model` opens
a saved model where simple_lstm is not installed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from simple_lstm import _words
from simple_lstm._checking import check_texts
from simple_lstm._precision import LARGEST, level_and_spread
from simple_lstm._time_index import following
from simple_lstm.preprocessing import Windows
from simple_lstm.words import Split

if TYPE_CHECKING:
    from simple_lstm.word_vectors import WordVectors


def sequence_classifier(
    sequences: np.ndarray,
    *,
    classes: int = 2,
    units: int = 128,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that reads a whole sequence and names its class.

    Parameters
    ----------
    sequences : numpy.ndarray, shape (samples, time_steps, features)
        The training sequences in their own units; the scaling is taken from them.
    classes : int
        2 gives one sigmoid output (the probability of label 1); more give a softmax
        output for each class. Labels are the integers from 0.
    units : int
        Size of the LSTM's state.
    learning_rate : float
        Of the Adam optimizer.
    seed : int
        Of the weights, and of Keras' other random numbers.

    Returns
    -------
    keras.Model
        From (batch, time_steps, features) to (batch, 1) or (batch, classes).

    Raises
    ------
    ValueError
        If the sequences are not three-dimensional, or there are fewer than 2 classes.

    References
    ----------
    Hochreiter, S., & Schmidhuber, J. (1997). Long short-term memory. *Neural
    Computation*, 9(8), 1735-1780.

    Examples
    --------
    >>> from simple_lstm import datasets, models
    >>> sequences, labels = datasets.make_sequences(100)
    >>> models.sequence_classifier(sequences, units=8).output_shape
    (None, 1)
    """
    if sequences.ndim != 3:
        raise ValueError(
            f"sequence_classifier: the sequences have shape {sequences.shape}; "
            "expected (samples, time_steps, features). If there is one feature, add "
            "its axis: sequences[..., np.newaxis]."
        )
    if classes < 2:
        raise ValueError(
            f"sequence_classifier(classes={classes}): there must be at least 2."
        )
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(sequences.shape[1:]),
            _scale(sequences.reshape(-1, sequences.shape[-1]), _full_precision()),
            layers.LSTM(units),
            _class_probabilities(classes),
        ]
    )
    _compile_classifier(model, classes, learning_rate)
    return model


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
    line says how many texts lose something by that; `simple_lstm.words.separate` helps.

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
    >>> from simple_lstm import models
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


def character_model(
    texts: Sequence[str],
    *,
    units: int = 128,
    dimensions: int = 32,
    dropout: float = 0.0,
    batch_size: int | None = None,
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 2e-2,
    weight_decay: float = 0.1,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that says, after each character, what the next one may be.

    With a ``batch_size`` the LSTM is *stateful*: it begins each batch in the state in
    which the last one ended, as `simple_lstm.batches.TextStreams` needs it for
    training. Such a model takes batches of this size alone, so give the weights to one
    without: ``model.set_weights(trained.get_weights())``.

    Parameters
    ----------
    texts : sequence of str
        The training texts. The model knows the characters that stand in them.
    units : int
        Size of the LSTM's state.
    dimensions : int
        Numbers that stand for a character (its embedding).
    dropout : float
        The part of the LSTM's output that is left out at random while training.
    batch_size : int, optional
        Rows of a batch. Without it the batch may have any size, and the LSTM begins
        each with zeros.
    learning_rate : float or keras.optimizers.schedules.LearningRateSchedule
        Of the Muon optimizer.
    weight_decay : float
        The part of each weight, times the learning rate, that is taken off in each
        update.
    seed : int
        Of the weights, and of Keras' other random numbers.

    Returns
    -------
    keras.Model
        From single characters, strings of shape (batch, time_steps), to probabilities
        (batch, time_steps, symbols). Symbol 0 stands for the start of a text, given as
        an empty string, and for unknown characters; the others are the vocabulary of
        the layer ``characters_to_numbers``, in its order.

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
    >>> from simple_lstm import models
    >>> model = models.character_model(["to be or not to be"], units=4)
    >>> model(tf.constant([list("not to")])).shape
    TensorShape([1, 6, 8])
    """
    check_texts(texts, "character_model")
    characters = sorted(set().union(*texts) - {"\0"})  # NUL is an empty string to Keras
    if not characters:
        raise ValueError("character_model: there is no character in the texts.")
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, None), dtype="string"),
            layers.StringLookup(vocabulary=characters, name="characters_to_numbers"),
            layers.Embedding(len(characters) + 1, dimensions),
            layers.LSTM(units, return_sequences=True, stateful=batch_size is not None),
            layers.Dropout(dropout),
            layers.Dense(
                len(characters) + 1, activation="softmax", dtype=_full_precision()
            ),
        ]
    )
    model.compile(
        keras.optimizers.Muon(learning_rate, weight_decay=weight_decay, clipnorm=1.0),
        loss="sparse_categorical_crossentropy",
    )
    # Or a model that gets its weights from another one would warn when it is loaded.
    model.optimizer.build(model.trainable_variables)
    return model


def forecaster(
    train: Windows,
    *,
    units: int = 32,
    correct: str | None = None,
    quantiles: Sequence[float] | None = None,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that forecasts the next steps of a series.

    One LSTM reads the past. If nothing is known ahead, a dense layer turns its last
    state into all steps of the horizon. If something is, a second LSTM starts from
    that state and reads what is known of each step to come.

    Parameters
    ----------
    train : simple_lstm.preprocessing.Windows
        The training windows in their own units; the scaling is taken from the rows
        they touch and from no others.
    units : int
        Size of the state of each LSTM.
    correct : str, optional
        A column known ahead that is a first guess of the target, in its units. The
        model then learns what has to be added, and starts as that guess.
    quantiles : sequence of float, optional
        Levels between 0 and 1, from low to high, for example ``(0.05, 0.5, 0.95)``. The
        model then says for each step below which values the truth falls with these
        probabilities. They never cross: the answers for a step are sorted.
    learning_rate : float
        Of the Adam optimizer.
    seed : int
        Of the weights, and of Keras' other random numbers.

    Returns
    -------
    keras.Model
        From (batch, lookback, features), or ``{"inputs": the same, "known": (batch,
        horizon, k)}``, to (batch, horizon) in the units of the target, or to (batch,
        horizon, quantiles). It is compiled with the mean absolute error, or with the
        mean pinball loss of its quantiles. That loss is not part of Keras, so save such
        a model without it: ``keras.Model(model.input, model.output).save(path)``. If
        the windows hold float64, so do its inputs and answers, and only what lies
        between is float32.

    Raises
    ------
    ValueError
        If ``correct`` is not the name of a column known ahead, or the quantiles are
        not levels from low to high.

    References
    ----------
    Sutskever, I., Vinyals, O., & Le, Q. V. (2014). Sequence to sequence learning with
    neural networks. *Advances in Neural Information Processing Systems*, 27.

    Koenker, R., & Bassett, G. (1978). Regression quantiles. *Econometrica*, 46(1),
    33-50. (The pinball loss.)

    Chernozhukov, V., Fernández-Val, I., & Galichon, A. (2010). Quantile and probability
    curves without crossing. *Econometrica*, 78(3), 1093-1125. (Why sorting helps.)

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import models, preprocessing
    >>> train = preprocessing.make_windows(np.sin(np.arange(200)), 12, 3)
    >>> models.forecaster(train, units=8).output_shape
    (None, 3)
    >>> models.forecaster(train, units=8, quantiles=(0.05, 0.95)).output_shape
    (None, 3, 2)
    """
    levels = [0.5] if quantiles is None else _check_quantiles(quantiles)
    if correct is not None and train.known_values is None:
        raise ValueError(
            f"forecaster(correct={correct!r}): these windows know nothing ahead. "
            "Give make_windows(known_ahead=...) that column."
        )
    keras.utils.set_random_seed(seed)
    dtype = _full_precision(train.values.dtype)
    model_input, change = _read_and_answer(train, units, levels, dtype)
    target = train.values[train.rows, train.target : train.target + 1]
    # As arrays: Keras takes numbers of a loaded file for float32.
    level, spread = (part.reshape(1, 1, 1) for part in level_and_spread(target))
    if correct is None:
        forecasts = layers.Rescaling(spread, offset=level, dtype=dtype)(change)
    else:
        guess = _column(model_input["known"], train.known_column(correct), dtype)
        change = layers.Rescaling(spread, dtype=dtype)(change)
        forecasts = layers.Add(dtype=dtype)([guess, change])
    loss: keras.losses.Loss = keras.losses.MeanAbsoluteError(dtype=dtype)
    metric: Any = "mae"
    if quantiles is None:
        forecasts = layers.Reshape([train.horizon], dtype=dtype)(forecasts)
    else:
        forecasts = _sorted(forecasts, dtype)
        loss = _Pinball(levels, dtype=dtype)
        metric = keras.metrics.MeanMetricWrapper(loss.call, name="pinball")
    model = keras.Model(model_input, forecasts)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=loss,
        loss_weights=[1 / spread.item()],
        metrics=[metric],
    )
    return model


def words_not_read(model: keras.Model, texts: Sequence[str]) -> np.ndarray:
    """How many words at the end of each text are beyond what a model reads.

    A model of texts has a length at which it cuts, in silence.

    Parameters
    ----------
    model : keras.Model
        A functional or Sequential model of strings with a
        `keras.layers.TextVectorization` in it, such as `text_classifier` makes.
    texts : sequence of str
        Texts to be read.

    Returns
    -------
    numpy.ndarray of int, shape (samples,)
        0 for a text that is read to its end.

    Raises
    ------
    ValueError
        If the model has no such layer.

    Examples
    --------
    >>> from simple_lstm import models
    >>> model = models.text_classifier(["yes, yes", "no, no, no"], time_steps=4)
    >>> models.words_not_read(model, ["yes", "no, no, no, no, no, yes"])
    array([0, 2])
    """
    check_texts(texts, "words_not_read")
    parts = model._flatten_layers()  # those inside other models, too
    cutters = [part for part in parts if isinstance(part, layers.TextVectorization)]
    if len(cutters) != 1:
        raise ValueError(
            f"words_not_read: the model has {len(cutters) or 'no'} TextVectorization "
            "layers, and needs one, which cuts texts into words."
        )
    settings = cutters[0].get_config()
    if settings["output_mode"] != "int":  # a bag of words has room for any text
        return np.zeros(len(texts), dtype=int)
    # Only the number of words matters, so any vocabulary will do.
    settings |= {"vocabulary": ["any"], "vocabulary_size": None, "max_tokens": None}
    settings |= {"output_sequence_length": None, "ragged": True}
    whole = layers.TextVectorization.from_config(settings)
    read = keras.Model(cutters[0].input, _what_is_read(cutters[0], parts))
    beyond = [np.zeros(0, dtype=int)]
    for start in range(0, len(texts), 256):  # a table of all texts may be too large
        given = tf.constant(list(texts[start : start + 256]))
        words = whole(given).row_lengths().numpy()
        parts_read = keras.tree.flatten(read(given))
        lengths = [np.count_nonzero(numbers, axis=1) for numbers in parts_read]
        beyond.append(words - np.max(lengths, axis=0))
    return np.concatenate(beyond)


def forecast(
    model: keras.Model,
    history: pd.DataFrame,
    *,
    known_ahead: pd.DataFrame | None = None,
    quantiles: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Forecast what comes after the last row.

    Parameters
    ----------
    model : keras.Model
        Made by `forecaster`, or loaded from a file.
    history : pandas.DataFrame or pandas.Series, shape (rows, features)
        The series up to now; at least as many rows as the model looks back on. A model
        knows its columns by their place, not by their name: give those of the
        training data in the same order.
    known_ahead : pandas.DataFrame, shape (rows, k), optional
        What is known of the times to come, for a model trained with it. It must hold
        the times of the forecast; others do no harm.
    quantiles : sequence of float, optional
        The levels of a model of quantiles, as they were given to `forecaster`: a model
        does not know their names.

    Returns
    -------
    pandas.DataFrame, shape (horizon, 1) or (horizon, quantiles)
        The column ``forecast`` in the units of the target, with the future times as
        index. Of a model of quantiles, one column for each, named ``5 %`` and so on.

    Raises
    ------
    ValueError
        If there are too few rows or columns, the last rows have gaps, the times are
        unsorted, doubled, uneven or fit two steps, what the model needs to know ahead
        is absent, or the quantiles are not as many as those of the model.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from simple_lstm import models, preprocessing
    >>> hours = pd.date_range("2024-01-01", periods=200, freq="h")
    >>> frame = pd.DataFrame({"tide": np.sin(np.arange(200))}, index=hours)
    >>> train = preprocessing.make_windows(frame, 12, 3)
    >>> coming = models.forecast(models.forecaster(train, units=8), frame)
    >>> coming.index[0], coming.shape
    (Timestamp('2024-01-09 08:00:00'), (3, 1))
    """
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    if isinstance(history, pd.Series):
        history = history.to_frame()
    if not isinstance(history, pd.DataFrame):
        raise ValueError(
            f"forecast: history is a {type(history).__name__}; give a data frame with "
            "times as its index, so that the forecast can have times, too."
        )
    # A model made elsewhere may name its only input as it likes.
    past_name = "inputs" if "inputs" in shapes else next(iter(shapes))
    _, lookback, features = shapes[past_name]
    horizon = model.output_shape[1]
    times = following(history.index, horizon)
    past = _model_input(history.tail(lookback), (lookback, features), "history")
    data = {past_name: past}
    if "known" in shapes:
        if known_ahead is None:
            raise ValueError(
                "forecast: this model was trained with something known ahead; give "
                f"known_ahead=... with the times from {times[0]} to {times[-1]}."
            )
        absent = times[~times.isin(known_ahead.index)]
        if len(absent):
            raise ValueError(
                f"forecast: known_ahead lacks {len(absent)} of the {horizon} times to "
                f"come, first {absent[0]}. Give it all of them; for the calendar: "
                f"calendar(history.index, ahead={horizon})."
            )
        data["known"] = _model_input(
            known_ahead.loc[times], shapes["known"][1:], "known_ahead"
        )
    elif known_ahead is not None:
        raise ValueError("forecast: this model uses nothing known ahead. Leave it out.")
    columns = _forecast_columns(model.output_shape, quantiles)
    values = np.asarray(model(data if len(data) > 1 else past, training=False), float)
    return pd.DataFrame(values.reshape(horizon, len(columns)), times, columns)


def _forecast_columns(shape: tuple, quantiles: Sequence[float] | None) -> list[str]:
    answers = shape[2] if len(shape) == 3 else 0
    if len(quantiles or []) != answers:
        due = (
            f"answers {answers} quantiles for each step; name their levels: quantiles="
            "(0.05, 0.5, 0.95), if these are the ones it was trained with"
            if answers
            else "answers one value for each step, no quantiles. Leave quantiles out"
        )
        raise ValueError(f"forecast(quantiles={quantiles}): this model {due}.")
    return [f"{100 * level:g} %" for level in quantiles or []] or ["forecast"]


def _what_is_read(cutter: layers.Layer, parts: list[layers.Layer]) -> list[Any]:
    """What reaches the embeddings from the layer that cuts, or all that it cuts."""
    found = []
    for part in parts:
        if isinstance(part, layers.Embedding):
            with contextlib.suppress(ValueError):  # it reads something else
                keras.Model(cutter.input, part.input)
                found.append(part.input)
    return found or [cutter.output]


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


def _check_quantiles(quantiles: Sequence[float]) -> Sequence[float]:
    levels = list(quantiles)
    if not levels or not all(low < high for low, high in pairwise([0, *levels, 1])):
        raise ValueError(
            f"forecaster(quantiles={quantiles}): expected levels between 0 and 1, from "
            "low to high, for example (0.05, 0.5, 0.95)."
        )
    return levels


def _read_and_answer(
    train: Windows, units: int, levels: Sequence[float], dtype: str
) -> tuple[Any, Any]:
    """What a forecaster takes, and its scaled answers: (batch, horizon, levels)."""
    shape = (train.lookback, len(train.columns))
    inputs = keras.Input(shape, dtype=dtype, name="inputs")
    past = _scale(train.values[train.rows], dtype)(inputs)
    if train.known_values is None:
        answer = layers.Dense(train.horizon * len(levels), dtype=_full_precision())
        change = answer(layers.LSTM(units)(past))
        return inputs, layers.Reshape([train.horizon, len(levels)], dtype=dtype)(change)
    shape = (train.horizon, len(train.known_columns))
    known = keras.Input(shape, dtype=dtype, name="known")
    ahead = _scale(train.known_values[train.rows], dtype)(known)
    _, hidden, cell = layers.LSTM(units, return_state=True)(past)
    decoder = layers.LSTM(units, return_sequences=True)
    steps = decoder(ahead, initial_state=[hidden, cell])
    # Start in order: equal quantiles would share a gradient.
    start = keras.initializers.Constant([level - 0.5 for level in levels])
    answer = layers.Dense(
        len(levels),
        kernel_initializer="zeros",
        bias_initializer=start,
        dtype=_full_precision(),
    )
    return {"inputs": inputs, "known": known}, answer(steps)


class _Pinball(keras.losses.Loss):
    """The mean pinball loss of the quantiles of each step."""

    def __init__(self, quantiles: Sequence[float], dtype: str) -> None:
        super().__init__(name="pinball", dtype=dtype)
        self._levels = list(quantiles)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = keras.ops.expand_dims(keras.ops.cast(y_true, y_pred.dtype), -1)
        levels = keras.ops.convert_to_tensor(self._levels, y_pred.dtype)
        above = y_true - y_pred
        losses = keras.ops.maximum(levels * above, (levels - 1) * above)
        # One for each sample, so that a small last batch does not weigh like the rest.
        return keras.ops.mean(losses, axis=(1, 2))


def _class_probabilities(classes: int) -> layers.Dense:
    """The last layer of a classifier."""
    if classes == 2:
        return layers.Dense(1, activation="sigmoid", dtype=_full_precision())
    return layers.Dense(classes, activation="softmax", dtype=_full_precision())


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


def _full_precision(due: Any = "float32") -> str:
    """What scales and answers computes in: never half precision, which has 3 digits."""
    of_policy = keras.config.dtype_policy().compute_dtype
    return "float64" if "float64" in (due, of_policy) else "float32"


def _scale(rows: np.ndarray, dtype: str) -> layers.Rescaling:
    """A layer that takes these rows (rows, features) to mean 0 and variance 1.

    Keras' own Normalization divides by 1e-7 at least, so it loses small units.
    """
    levels, spreads = (part.reshape(1, 1, -1) for part in level_and_spread(rows))
    return layers.Rescaling(1 / spreads, offset=-levels / spreads, dtype=dtype)


def _column(steps: Any, place: int, dtype: str) -> Any:
    """One column of (batch, steps, columns), by layers that every file can hold."""
    others = steps.shape[-1] - 1 - place
    turned = layers.Permute((2, 1), dtype=dtype)(steps)
    column = layers.Cropping1D((place, others), dtype=dtype)(turned)
    return layers.Permute((2, 1), dtype=dtype)(column)


def _sorted(steps: Any, dtype: str) -> Any:
    """Each row of (batch, steps, columns) from low to high, by the same kind of layers.

    A bubble sort: each pass brings the highest of what is left to its place.
    """
    columns = [_column(steps, place, dtype) for place in range(steps.shape[-1])]
    for last in reversed(range(1, len(columns))):
        for place in range(last):
            pair = columns[place : place + 2]
            columns[place] = layers.Minimum(dtype=dtype)(pair)
            columns[place + 1] = layers.Maximum(dtype=dtype)(pair)
    if len(columns) == 1:
        return columns[0]
    return layers.Concatenate(dtype=dtype)(columns)


def _model_input(frame: pd.DataFrame, shape: tuple, name: str) -> np.ndarray:
    """The frame as a batch of one, shape (1, time_steps, features)."""
    if frame.shape != shape:
        raise ValueError(
            f"forecast: of {name} the model needs {shape[0]} rows of {shape[1]} "
            f"columns, but there are {frame.shape[0]} rows of {frame.shape[1]} columns "
            f"({', '.join(map(str, frame.columns))})."
        )
    text = frame.columns.difference(frame.select_dtypes(["number", "bool"]).columns)
    if len(text):
        raise ValueError(
            f"forecast: column {text[0]!r} of {name} does not hold numbers."
        )
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = int((~(np.abs(values) <= LARGEST)).sum())
    if missing:
        mend = (
            "Give their values at the times to come; what is not known in advance "
            "cannot be such an input"
            if name == "known_ahead"
            else "Fill them first: fill_gaps(frame, limit=...)"
        )
        raise ValueError(
            f"forecast: {missing} values are missing (NaN, infinite or beyond "
            f"{LARGEST:g}) in the {shape[0]} rows of {name} that the model reads. "
            f"{mend}."
        )
    return values[np.newaxis]
