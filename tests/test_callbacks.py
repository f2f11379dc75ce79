"""Stateful models begin each pass over the data in a zero state."""

import keras
import numpy as np
import pytest
from keras import layers

from simple_lstm.callbacks import ResetStates


def stateful(**options):
    return layers.LSTM(3, stateful=True, **options)


def plain():
    return keras.Sequential(
        [keras.Input(batch_shape=(8, None, 1)), stateful(), layers.Dense(1)]
    )


def nested():
    inner = keras.Sequential([stateful(return_sequences=True), stateful()])
    given = keras.Input(batch_shape=(8, 4, 1))
    return keras.Model(given, layers.Dense(1)(inner(given)))


def both_directions():
    both = layers.Bidirectional(stateful())
    return keras.Sequential([keras.Input(batch_shape=(8, 4, 1)), both, layers.Dense(1)])


def of_cells():
    cells = [layers.LSTMCell(3), layers.GRUCell(2)]
    stacked = layers.RNN(cells, stateful=True)
    return keras.Sequential(
        [keras.Input(batch_shape=(8, 4, 1)), stacked, layers.Dense(1)]
    )


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner, self.dense = plain(), layers.Dense(1)

    def call(self, x):
        return self.dense(self.inner(x))


BUILDERS = [plain, nested, both_directions, of_cells, Subclassed]


def data():
    """Three batches of 8, whose states matter: each row goes on in the next one."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(24, 4, 1)), rng.normal(size=(24, 1))


def built(build, learning_rate=0.0):
    keras.utils.set_random_seed(0)
    model = build()
    model.compile(keras.optimizers.SGD(learning_rate), "mse")
    return model


def fit(model, **options):
    x, y = data()
    return model.fit(
        x,
        y,
        batch_size=8,
        shuffle=False,
        callbacks=[ResetStates()],
        verbose=0,
        **options,
    ).history


def evaluate(model, callbacks=()):
    return model.evaluate(*data(), batch_size=8, callbacks=list(callbacks), verbose=0)


@pytest.mark.parametrize("build", BUILDERS)
def test_without_it_a_second_evaluation_is_another(build):
    model = built(build)
    assert abs(evaluate(model) - evaluate(model)) > 1e-6


@pytest.mark.parametrize("build", BUILDERS)
def test_the_same_epoch_twice_gives_the_same_losses(build):
    model = built(build)  # it learns nothing, so each epoch is the same
    losses = fit(model, epochs=2, validation_data=data(), validation_batch_size=8)
    due = evaluate(model, [ResetStates()])
    np.testing.assert_allclose(losses["loss"], [due, due], rtol=1e-6)
    np.testing.assert_allclose(losses["val_loss"], [due, due], rtol=1e-6)


@pytest.mark.parametrize("build", BUILDERS)
def test_each_pass_gives_the_same_answers(build):
    model = built(build)
    passes = [
        model.predict(data()[0], batch_size=8, callbacks=[ResetStates()], verbose=0)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*passes)


def test_the_first_batch_of_a_pass_meets_a_state_of_zeros_and_the_others_do_not():
    model, seen = built(plain), []

    class Look(keras.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen.append(np.any([state.numpy() for state in model.layers[0].states]))

    x, y = data()
    look = [ResetStates(), Look()]
    model.fit(
        *(x, y, 8, 2),
        shuffle=False,
        validation_data=(x, y),
        validation_batch_size=8,
        callbacks=look,
        verbose=0,
    )
    assert seen == [False, True, True] * 2


def test_stateful_models_learn_through_plain_fit():
    losses = fit(built(plain, learning_rate=0.1), epochs=5)["loss"]
    assert losses[-1] < losses[0]


def test_a_model_without_stateful_layers_is_left_alone():
    model = keras.Sequential([keras.Input((4, 1)), layers.LSTM(3), layers.Dense(1)])
    model.compile("sgd", "mse")
    assert evaluate(model) == evaluate(model, [ResetStates()])
