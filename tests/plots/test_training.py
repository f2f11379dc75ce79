from types import SimpleNamespace

import keras
import numpy as np
import pytest
from figures import HISTORY

from simple_lstm import plots


def test_history_marks_the_best_epoch_and_names_the_unit():
    ax = plots.history(HISTORY, metric="mae", unit="vehicles/h")
    train, validation, best = ax.lines
    np.testing.assert_array_equal(train.get_ydata(), HISTORY.history["mae"])
    np.testing.assert_array_equal(validation.get_ydata(), HISTORY.history["val_mae"])
    assert (best.get_xdata()[0], best.get_ydata()[0]) == (2, 5)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "MAE (vehicles/h)")
    assert ax.get_title(loc="left") == "MAE in each epoch"


def test_history_takes_what_keras_returns():
    log = keras.callbacks.History()
    log.history = {"loss": [2.0, 1.0]}
    ax = plots.history(log)
    assert len(ax.lines) == 1
    with pytest.raises(ValueError, match="recorded were 'loss'"):
        plots.history(log, metric="accuracy")


def test_history_takes_what_fit_returns():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((4, 2)), np.zeros(4)
    trained = model.fit(x, y, validation_data=(x, y), epochs=3, verbose=0)
    train, validation, _ = plots.history(trained, metric="mae").lines
    np.testing.assert_array_equal(train.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(validation.get_ydata(), trained.history["val_mae"])


def test_losses_that_are_missing_are_never_the_lowest():
    losses = {"loss": [3.0, 2, 1], "val_loss": [np.nan, 2.0, 1.0]}
    *_, best = plots.history(SimpleNamespace(history=losses)).lines
    assert best.get_xdata()[0] == 3
    losses = {"loss": [1.0, np.nan], "val_loss": [np.nan, np.nan]}
    assert len(plots.history(SimpleNamespace(history=losses)).lines) == 2


def test_what_is_no_history_is_refused_with_advice_that_works():
    with pytest.raises(ValueError, match=r"history is a dict; give what model\.fit"):
        plots.history(HISTORY.history)
    assert plots.history(HISTORY).lines
