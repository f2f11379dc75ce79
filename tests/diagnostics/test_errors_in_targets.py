"""Targets that only broadcasting would fit to a model's answers are refused."""

import re
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import forecasting
from simple_lstm.diagnostics import diagnose

SERIES = np.sin(np.arange(80.0))
X = np.random.default_rng(0).normal(size=(16, 4, 1))


def windows(horizon, lookback=6):
    return forecasting.make_windows(SERIES, lookback, horizon)


def message(*arguments):
    with pytest.raises(ValueError, match="diagnose: the ") as caught:
        diagnose(*arguments)
    return str(caught.value)


def classifier(outputs, loss, sequences=False, activation="sigmoid"):
    made = keras.Sequential(
        [
            keras.Input((4, 1)),
            layers.LSTM(2, return_sequences=sequences),
            layers.Dense(outputs, activation=activation),
        ]
    )
    made.compile("adam", loss=loss, run_eagerly=True)  # quick to start
    return made


def passes(model, data):
    diagnose(model, data)
    history = model.fit(*data, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize(
    ("built_for", "given_horizon", "quantiles"),
    [(3, 1, None), (1, 3, None), (3, 1, (0.1, 0.9)), (1, 3, (0.1, 0.9))],
)
def test_windows_of_another_horizon_are_refused(built_for, given_horizon, quantiles):
    model = forecasting.forecaster(windows(built_for), units=2, quantiles=quantiles)
    other, same = windows(given_horizon), windows(built_for)
    for data, name in [((other, same), "train"), ((same, other), "validation")]:
        text = message(model, *data)
        assert f"the targets of {name} have shape" in text
        assert f"the model's output has (None, {built_for}" in text
        assert "learn from wrong pairs" in text
    diagnose(model, same, same)  # what it says to do


def test_windows_of_another_lookback_are_refused():
    model = forecasting.forecaster(windows(2), units=2)
    text = message(model, windows(2, lookback=5))
    assert "have shape (64, 5, 1), but the model takes (None, 6, 1)" in text


@pytest.mark.parametrize(
    ("outputs", "loss", "targets", "advice"),
    [
        (1, "binary_crossentropy", np.eye(2)[np.arange(16) % 2], "targets.argmax(-1)"),
        (
            3,
            "sparse_categorical_crossentropy",
            np.eye(3)[np.arange(16) % 3],
            "targets.argmax(-1)",
        ),
        (
            3,
            "categorical_crossentropy",
            np.arange(16) % 3,
            "keras.utils.to_categorical(targets)",
        ),
        (1, "mse", np.zeros((16, 4)), None),
        (4, "mae", np.zeros(16), None),
        (4, "mae", np.zeros((16, 1)), None),
        (1, keras.losses.Huber(), np.zeros((16, 3)), None),
    ],
)
def test_targets_of_another_shape_are_refused_and_the_advice_works(
    outputs, loss, targets, advice
):
    model = classifier(outputs, loss)
    text = message(model, (X, targets))
    assert f"have shape {targets.shape}" in text
    if advice is None:
        layer = eval(re.search(r"as there are targets: (.*)\.$", text)[1])
        assert text.count(f"expects (None, {outputs})")
        model = classifier(layer.units, loss)
    else:
        assert f"targets = {advice}" in text
        targets = eval(advice, {"targets": targets, "keras": keras})
    passes(model, (X, targets))


@pytest.mark.parametrize(
    ("outputs", "loss", "targets"),
    [
        (1, "mse", np.zeros((16, 1, 1))),
        (4, "mae", np.zeros((16, 2, 2))),
    ],
)
def test_targets_of_as_many_numbers_are_reshaped_by_the_advice(outputs, loss, targets):
    model = classifier(outputs, loss)
    advice = message(model, (X, targets)).split("Give them that shape: targets = ")[1]
    passes(model, (X, eval(advice.removesuffix("."), {"targets": targets})))


def test_class_numbers_for_several_outputs_get_another_loss():
    targets = np.arange(16) % 3
    text = message(classifier(3, "binary_crossentropy"), (X, targets))
    assert "loss='sparse_categorical_crossentropy'" in text
    model = classifier(3, "sparse_categorical_crossentropy", activation="softmax")
    passes(model, (X, targets))


def test_several_classes_at_once_are_not_taken_for_one_hot():
    text = message(classifier(3, "binary_crossentropy"), (X, np.zeros((16, 4))))
    assert "Give the model as many outputs as there are targets." in text


@pytest.mark.parametrize("targets", [X[:, -1, 0], X[:, -1]])
def test_one_answer_for_a_sequence_is_no_answer_at_each_step(targets):
    text = message(classifier(1, "mse", sequences=True), (X, targets))
    assert "leave return_sequences=True out of the last LSTM" in text
    passes(classifier(1, "mse"), (X, targets))


def test_an_answer_at_each_step_needs_sequences():
    text = message(classifier(1, "mse"), (X, X))
    assert "give the last LSTM return_sequences=True" in text
    passes(classifier(1, "mse", sequences=True, activation=None), (X, X))


def gaussian(y_true, y_pred):
    """The negative log-likelihood of a normal distribution, but for a constant."""
    mean, log_spread = y_pred[:, :1], y_pred[:, 1:]
    error = keras.ops.reshape(y_true, (-1, 1)) - mean
    return log_spread + keras.ops.square(error) * keras.ops.exp(-2 * log_spread) / 2


@pytest.mark.parametrize("shape", [(16,), (16, 1)])
def test_what_a_loss_of_ones_own_expects_is_left_to_its_author(shape):
    passes(classifier(2, gaussian), (X, np.zeros(shape)))


class Squared(keras.losses.Loss):
    """A loss of one's own: Keras does not align the shapes for it."""

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def test_a_loss_may_say_that_targets_have_no_last_axis():
    loss = Squared()
    loss.drops_last_axis = True
    text = message(classifier(2, loss), (X, np.zeros((16, 3))))
    assert "its loss, squared, expects (None,)" in text


@pytest.mark.parametrize("shape", [(16,), (16, 1)])
def test_a_loss_of_ones_own_that_makes_a_table_is_found(shape):
    targets = X.sum(axis=1).reshape(shape)
    found = diagnose(classifier(1, Squared(), activation=None), (X, targets))
    tables = [row for row in found.suspicions if "table of all with all" in row.what]
    assert len(tables) == (len(shape) == 1)


@pytest.mark.parametrize("kind", [list, lambda losses: {"dense": losses[0]}])
def test_a_single_loss_may_come_in_a_list_or_a_dict(kind):
    model = classifier(3, "mse")
    model.layers[-1].name = "dense"
    model.compile("adam", kind(["sparse_categorical_crossentropy"]))
    diagnose(model, (X, np.zeros((16, 1))))
    text = message(model, (X, np.zeros((16, 2))))
    assert "its loss, sparse_categorical_crossentropy, expects" in text


def test_each_output_is_held_against_its_own_loss():
    past = keras.Input((4, 1))
    read = layers.LSTM(2)(past)
    amount = layers.Dense(2, name="amount")(read)
    kind = layers.Dense(3, activation="softmax", name="kind")(read)
    model = keras.Model(past, [amount, kind])
    model.compile(
        "adam",
        {"amount": "mse", "kind": "sparse_categorical_crossentropy"},
        run_eagerly=True,
    )
    right = {"amount": X[:, :2, 0], "kind": np.arange(16) % 3}
    passes(model, (X, right))
    diagnose(model, (X, list(right.values())))
    text = message(model, (X, right | {"amount": X[:, :1, 0]}))
    assert text.startswith("diagnose: the targets 'amount' of train have shape (16, 1)")
    text = message(model, (X, right | {"kind": np.full(16, 3)}))
    assert text.startswith("diagnose: the targets 'kind' of train are 3, but a model")
    text = message(model, (X, {"amount": X[:, :2, 0]}))
    assert "the targets of train are a dict with 'amount'" in text
    assert "the model has 'amount', 'kind'" in text


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
def test_targets_that_fit_are_taken(outputs, loss, shape):
    passes(classifier(outputs, loss), (X, np.zeros(shape)))


def test_single_samples_of_a_dataset_are_batched_by_the_advice():
    dataset = tf.data.Dataset.from_tensor_slices((X, X[:, -1]))
    model = classifier(1, "mse", activation=None)
    text = message(model, dataset)
    assert "If these are single samples, make batches: dataset.batch(64)." in text
    diagnose(model, dataset.batch(64))
    model.fit(dataset.batch(64), shuffle=False, verbose=0)


sizes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
INPUTS = np.random.default_rng(0).normal(size=(5, 2))


@cache
def answering(answer):
    made = keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(int(np.prod(answer))),
            layers.Reshape(answer),
        ]
    )
    made.compile("adam", "mean_absolute_error")
    return made


@given(sizes, st.lists(st.integers(1, 3), max_size=3))
@settings(deadline=None, max_examples=200)
def test_no_pair_of_shapes_that_keras_would_stretch_gets_through(answer, came):
    model = answering(answer)
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.normal(size=(5, *came)), rng.normal(size=(5, *answer))
    try:
        diagnose(model, (INPUTS, y_true))
    except ValueError:
        return
    due = np.abs(y_true.reshape(y_pred.shape) - y_pred).mean()
    loss = keras.losses.MeanAbsoluteError()(y_true, y_pred)
    assert float(loss) == pytest.approx(due, rel=1e-5)


@given(sizes)
@settings(deadline=None, max_examples=40)
def test_targets_of_the_shape_of_the_answers_always_get_through(answer):
    diagnose(answering(answer), (INPUTS, np.zeros((5, *answer))))
