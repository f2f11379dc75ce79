"""Targets that only broadcasting would fit to a model's answers are refused."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import models, preprocessing, training
from simple_lstm._checking import check_targets

SERIES = np.sin(np.arange(80.0))
X = np.random.default_rng(0).normal(size=(16, 4, 1))


def windows(horizon, lookback=6):
    return preprocessing.make_windows(SERIES, lookback, horizon)


def message(call, *arguments, **options):
    with pytest.raises(ValueError, match=r"fit: the") as caught:
        call(*arguments, **options)
    return str(caught.value)


def classifier(outputs, loss):
    model = keras.Sequential([keras.Input((4, 1)), keras.layers.LSTM(2)])
    model.add(keras.layers.Dense(outputs, activation="sigmoid"))
    model.compile("adam", loss=loss)
    return model


@pytest.mark.parametrize(
    ("built_for", "given_horizon", "quantiles"),
    [(3, 1, None), (1, 3, None), (3, 1, (0.1, 0.9)), (1, 3, (0.1, 0.9))],
)
def test_windows_of_another_horizon_are_refused(built_for, given_horizon, quantiles):
    model = models.forecaster(windows(built_for), units=2, quantiles=quantiles)
    other, same = windows(given_horizon), windows(built_for)
    for train, validation in [(other, same), (same, other)]:
        text = message(training.fit, model, train, validation=validation, epochs=1)
        assert f"the model's output has (None, {built_for}" in text
        assert "learn from wrong pairs" in text
    training.fit(model, same, validation=same, epochs=1)  # what it says to do


def test_windows_of_another_lookback_are_refused():
    model = models.forecaster(windows(2), units=2)
    other = windows(2, lookback=5)
    text = message(training.fit, model, other, validation=other, epochs=1)
    assert "have inputs of shape (5, 1), but the model takes (6, 1)" in text


@pytest.mark.parametrize(
    ("outputs", "loss", "labels", "advice"),
    [
        (1, "binary_crossentropy", np.eye(2)[np.arange(16) % 2], "labels.argmax(-1)"),
        (
            3,
            "sparse_categorical_crossentropy",
            np.eye(3)[np.arange(16) % 3],
            "labels.argmax(-1)",
        ),
        (
            3,
            "categorical_crossentropy",
            np.arange(16) % 3,
            "keras.utils.to_categorical(labels)",
        ),
        (1, "mse", np.zeros((16, 4)), None),
        (4, "mae", np.zeros(16), None),
        (4, "mae", np.zeros((16, 1)), None),
        (1, keras.losses.Huber(), np.zeros((16, 3)), None),
    ],
)
def test_labels_of_another_shape_are_refused_and_the_advice_works(
    outputs, loss, labels, advice
):
    model = classifier(outputs, loss)
    text = message(training.fit, model, (X, labels), validation=(X, labels), epochs=1)
    assert f"have shape {labels.shape}" in text
    if advice is None:
        assert "Give the model as many outputs as there are targets." in text
        model = classifier(labels.shape[1] if labels.ndim > 1 else 1, loss)
    else:
        assert advice in text
        labels = eval(advice, {"labels": labels, "keras": keras})
    training.fit(model, (X, labels), validation=(X, labels), epochs=1)


@pytest.mark.parametrize(
    ("outputs", "loss", "labels"),
    [
        (1, "mse", np.zeros((16, 1, 1))),
        (4, "mae", np.zeros((16, 2, 2))),
    ],
)
def test_labels_of_as_many_numbers_are_reshaped_by_the_advice(outputs, loss, labels):
    model = classifier(outputs, loss)
    text = message(training.fit, model, (X, labels), validation=(X, labels), epochs=1)
    advice = text.split("Give them that shape: ")[1].removesuffix(".")
    labels = eval(advice, {"labels": labels})
    training.fit(model, (X, labels), validation=(X, labels), epochs=1)


def test_several_classes_at_once_are_not_taken_for_one_hot():
    model, labels = classifier(3, "binary_crossentropy"), np.zeros((16, 4))
    text = message(training.fit, model, (X, labels), validation=(X, labels), epochs=1)
    assert "Give the model as many outputs as there are targets." in text


class Squared(keras.losses.Loss):
    """A loss of one's own: Keras does not align the shapes for it."""

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def test_a_loss_of_ones_own_gets_pairs_and_no_table_of_all_with_all():
    x = np.random.default_rng(0).normal(size=(128, 4, 1))
    sums = x.sum(axis=(1, 2))
    layers = [keras.Input((4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.05), Squared())
    history = training.fit(
        model, (x, sums), validation=(x, sums), epochs=25, batch_size=32, patience=25
    )
    assert history.table["val_loss"].min() < 0.1 * sums.var()


def gaussian(y_true, y_pred):
    """The negative log-likelihood of a normal distribution, but for a constant."""
    mean, log_spread = y_pred[:, :1], y_pred[:, 1:]
    error = keras.ops.reshape(y_true, (-1, 1)) - mean
    return log_spread + keras.ops.square(error) * keras.ops.exp(-2 * log_spread) / 2


@pytest.mark.parametrize("shape", [(16,), (16, 1)])
def test_what_a_loss_of_ones_own_expects_is_left_to_its_author(shape):
    model, data = classifier(2, gaussian), (X, np.zeros(shape))
    training.fit(model, data, validation=data, epochs=1)


@pytest.mark.parametrize("kind", [list, lambda losses: {"dense": losses[0]}])
def test_a_single_loss_may_come_in_a_list_or_a_dict(kind):
    model, labels = classifier(3, "mse"), np.zeros((16, 1))
    model.layers[-1].name = "dense"
    model.compile("adam", kind(["sparse_categorical_crossentropy"]))
    check_targets(model, labels.shape, "the labels")
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy, expects"):
        check_targets(model, (16, 2), "the labels")


@pytest.mark.parametrize(
    ("outputs", "loss", "shape"),
    [
        (1, "mse", (16,)),
        (1, "mse", (16, 1)),
        (3, "sparse_categorical_crossentropy", (16, 1)),
        (3, "sparse_categorical_crossentropy", (16,)),
        (3, keras.losses.SparseCategoricalCrossentropy(), (16,)),
        (3, "categorical_crossentropy", (16, 3)),
    ],
)
def test_labels_that_fit_are_taken(outputs, loss, shape):
    labels = np.zeros(shape)
    data = X, labels
    training.fit(classifier(outputs, loss), data, validation=data, epochs=1)


class Answering:
    """What is looked at of a compiled model."""

    def __init__(self, shape, loss):
        self.output_shape, self.loss = (None, *shape), loss


sizes = st.lists(st.integers(1, 3), min_size=0, max_size=3)


@given(sizes, sizes)
@settings(deadline=None, max_examples=300)
def test_no_pair_of_shapes_that_keras_would_stretch_gets_through(answer, came):
    model = Answering(answer or [1], "mean_absolute_error")
    answer = model.output_shape[1:]
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(5, *came)), rng.normal(size=(5, *answer))
    try:
        check_targets(model, y_true.shape, "the labels")
    except ValueError:
        return
    due = np.abs(y_true.reshape(y_pred.shape) - y_pred).mean()
    loss = keras.losses.MeanAbsoluteError()(y_true, y_pred)
    assert float(loss) == pytest.approx(due, rel=1e-5)


@given(sizes)
@settings(max_examples=50)
def test_targets_of_the_shape_of_the_answers_always_get_through(answer):
    model = Answering(answer or [1], "mse")
    check_targets(model, (5, *model.output_shape[1:]), "the labels")
