import re

import numpy as np
import pandas as pd
import pytest
from figures import SomeWindows, some_windows
from matplotlib.dates import date2num

from simple_lstm import forecasting, plots


def test_windows_are_drawn_where_they_stand_in_time():
    ax = plots.windows(
        some_windows(), number=4, covariate="price", unit="m", step="hours"
    )
    past, targets, ahead = ax.lines
    np.testing.assert_array_equal(past.get_xdata(), [-5, -4, -3, -2, -1])
    np.testing.assert_array_equal(past.get_ydata(), [4, 5, 6, 7, 8])
    np.testing.assert_array_equal(targets.get_ydata(), [9, 10, 11])
    np.testing.assert_array_equal(ahead.get_ydata(), [18, 20, 22])
    assert ax.get_title(loc="left") == "One window: 5 hours in, 3 hours out"
    assert ax.get_ylabel() == "sales (m)"


def test_the_target_is_drawn_whichever_column_it_is():
    values = np.stack([np.arange(50.0), -np.arange(50.0)], axis=1)
    windows = SomeWindows(values, values, target=1, columns=("sales", "debts"))
    ax = plots.windows(windows)
    assert len(ax.lines) == 2  # no covariate, if none is asked for
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), -np.arange(5.0))
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [-5, -6, -7])
    assert ax.get_ylabel() == "debts"


def test_windows_of_forecasting_are_drawn_as_well():
    """The only test here that knows a task: what it makes fits the Protocol."""
    known = 2 * np.arange(50.0)[:, np.newaxis]
    windows = forecasting.make_windows(np.arange(50.0), 5, 3, future_covariates=known)
    drawn = plots.windows(windows, number=4, covariate="column 0").lines
    due = plots.windows(some_windows(), number=4, covariate="price").lines
    assert len(drawn) == len(due) == 3
    for one, other in zip(drawn, due, strict=True):
        np.testing.assert_array_equal(one.get_xydata(), other.get_xydata())


@pytest.mark.parametrize("number", [-1, 43, 100])
def test_a_window_that_is_not_there_is_refused_with_advice_that_works(number):
    with pytest.raises(ValueError, match=f"no window {number}; choose") as caught:
        plots.windows(some_windows(), number=number)
    first, last = map(int, re.findall(r"from (\d+) to (\d+)", str(caught.value))[0])
    for right in (first, last):
        assert plots.windows(some_windows(), number=right).lines


def test_forecasts_follow_the_past():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name="sales")
    coming = pd.Series([4.0, 5, 6], times[3:])
    ax = plots.forecast(past, {"model": coming}, y_true=coming + 1, unit="items")
    assert [line.get_label() for line in ax.lines] == ["past", "truth", "model"]
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), [4, 5, 6])
    assert ax.get_ylabel() == "sales (items)"


def test_an_interval_is_an_area_from_its_first_column_to_its_last():
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name="sales")
    interval = pd.DataFrame(
        {"5 %": [1.0, 2, 0], "50 %": [3.0, 4, 5], "95 %": [8.0, 9, 7]}, times[3:]
    )
    ax = plots.forecast(past, {"model": interval["50 %"]}, interval=interval)
    (area,) = ax.collections
    corners = {tuple(corner) for corner in area.get_paths()[0].vertices}
    days = date2num(interval.index)
    assert corners == {
        *zip(days, interval["5 %"], strict=True),
        *zip(days, interval["95 %"], strict=True),
    }
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "5 % to 95 %" in labels


@pytest.mark.parametrize("hours", [1, 4, 50, 96, 110, 1000, 32_000])
def test_a_forecast_of_any_length_has_dates_without_a_warning(hours):
    times = pd.date_range("2024-01-01", periods=2 * hours + 2, freq="30min")
    values = pd.Series(1.0, times, name="x")
    ax = plots.forecast(values[:-1], {"model": values[-2:]})
    ax.figure.canvas.draw()  # a warning is an error here
    assert 3 <= len(ax.get_xticks()) <= 9
