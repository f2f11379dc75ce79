import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from simple_lstm import evaluation, plots, preprocessing, training


@pytest.fixture(autouse=True)
def close_figures():
    with plt.style.context("simple_lstm.simple_lstm"):
        yield
    plt.close("all")


TABLE = pd.DataFrame(
    {
        "loss": [3.0, 2, 1],
        "val_loss": [3.0, 1, 2],
        "mae": [6.0, 4, 2],
        "val_mae": [7, 5, 6],
    },
    index=pd.RangeIndex(1, 4, name="epoch"),
)


def test_history_marks_the_best_epoch_and_names_the_unit():
    ax = plots.history(training.History(TABLE, 1.0), metric="mae", unit="vehicles/h")
    train, validation, best = ax.lines
    np.testing.assert_array_equal(train.get_ydata(), TABLE["mae"])
    np.testing.assert_array_equal(validation.get_ydata(), TABLE["val_mae"])
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


def test_windows_are_drawn_where_they_stand_in_time():
    known = np.arange(100.0)[:, np.newaxis] * 2
    windows = preprocessing.make_windows(np.arange(50.0), 5, 3, known_ahead=known[:50])
    ax = plots.windows(windows, number=4, known="column 0", unit="m", step="hours")
    past, targets, ahead = ax.lines
    np.testing.assert_array_equal(past.get_xdata(), [-5, -4, -3, -2, -1])
    np.testing.assert_array_equal(past.get_ydata(), [4, 5, 6, 7, 8])
    np.testing.assert_array_equal(targets.get_ydata(), [9, 10, 11])
    np.testing.assert_array_equal(ahead.get_ydata(), [18, 20, 22])
    assert ax.get_title(loc="left") == "One window: 5 hours in, 3 hours out"
    assert ax.get_ylabel() == "column 0 (m)"


def test_forecasts_follow_the_past():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name="sales")
    coming = pd.Series([4.0, 5, 6], times[3:])
    ax = plots.forecast(past, {"model": coming}, truth=coming + 1, unit="items")
    assert [line.get_label() for line in ax.lines] == ["past", "truth", "model"]
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), [4, 5, 6])
    assert ax.get_ylabel() == "sales (items)"


def test_the_scoreboard_colors_the_best_bar():
    board = evaluation.Scoreboard([1.0, 2.0], metric="MAE", baseline="far", unit="m")
    board.add("far", [4, 5])
    board.add("near", [1, 3])
    ax = plots.scoreboard(board)
    assert [bar.get_width() for bar in ax.patches] == [3, 0.5]
    far, near = (bar.get_facecolor() for bar in ax.patches)
    assert near == plt.matplotlib.colors.to_rgba(plots.MODEL) != far
    assert ax.get_xlabel() == "MAE (m), lower is better"


def test_a_figure_goes_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    board = evaluation.Scoreboard([1.0], metric="MAE", baseline="it")
    board.add("it", [2])
    assert plots.scoreboard(board, ax=axes[1]) is axes[1]
    assert plots.history(training.History(TABLE, 1.0), ax=axes[0]) is axes[0]
    assert plt.get_fignums() == [fig.number]
