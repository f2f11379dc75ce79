import re
import tracemalloc
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor

from simple_lstm import forecasting
from simple_lstm.forecasting import baselines

SERIES = np.random.default_rng(0).normal(size=300)
fast = settings(deadline=None, max_examples=80)


def at(series, origin, horizon, lookback=1):
    """The one window with this origin."""
    rows = slice(origin, origin + horizon)
    return forecasting.make_windows(series, lookback, horizon, rows=rows)


COMMON_SENSE = {
    "naive": lambda windows, period: forecasting.naive(windows),
    "seasonal_naive": lambda windows, period: forecasting.seasonal_naive(
        windows, period=period
    ),
    "seasonal_median": lambda windows, period: forecasting.seasonal_median(
        windows, period=period
    ),
}


@pytest.mark.parametrize("forecast", COMMON_SENSE.values(), ids=COMMON_SENSE)
@given(st.integers(100, 200), st.integers(1, 40), st.integers(1, 24))
@fast
def test_no_baseline_looks_at_the_origin_or_later(forecast, origin, horizon, period):
    changed = SERIES.copy()
    changed[origin:] = 1e9
    seen, hidden = (
        forecast(at(series, origin, horizon), period) for series in (SERIES, changed)
    )
    assert seen.shape == (1, horizon)
    np.testing.assert_allclose(seen, hidden, rtol=1e-6)  # changed is held in float64


def test_the_naive_forecast_is_the_last_value_of_the_past():
    windows = forecasting.make_windows(SERIES, 5, 3)
    forecast = forecasting.naive(windows)
    for step in range(3):
        np.testing.assert_array_equal(forecast[:, step], windows.past[:, -1, 0])


@given(st.integers(1, 24), st.integers(1, 60))
@fast
def test_a_periodic_series_is_forecast_exactly(period, horizon):
    series = np.tile(SERIES[:period], 300 // period + 4)
    windows = forecasting.make_windows(
        series, 1, horizon, rows=slice(4 * period, 4 * period + horizon + 19)
    )
    for season in (forecasting.seasonal_naive, forecasting.seasonal_median):
        np.testing.assert_array_equal(season(windows, period=period), windows.targets)


def test_a_typical_week_is_what_pandas_says():
    hours = pd.date_range("2024-01-01", periods=2000, freq="h")
    series = pd.Series(np.random.default_rng(1).normal(size=2000), hours)
    shifted = pd.concat([series.shift(168 * back) for back in (1, 2, 3, 4)], axis=1)
    windows = forecasting.make_windows(series, 24, 24, rows=slice(700, 1500))
    forecast = forecasting.seasonal_median(windows, period=168)
    for row, origin in zip(forecast, windows.origins, strict=True):
        due = shifted.median(axis=1)[origin : origin + 24]
        np.testing.assert_allclose(row, due, atol=1e-6)


def test_a_gap_costs_the_naive_forecast_no_copy_of_every_past():
    series = np.zeros((400_000, 2), np.float32)
    series[7] = np.nan
    windows = forecasting.make_windows(series, 96, 1)
    tracemalloc.start()
    forecasting.naive(windows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * series.nbytes + 8 * len(windows.origins)


def weekly(gaps):
    """Five weeks of days, each weekday's number going up by 10 a week, with gaps."""
    values = np.arange(35) % 7 + 10.0 * (np.arange(35) // 7)
    values[gaps] = np.nan
    days = pd.date_range("2024-01-01", periods=35)
    return pd.DataFrame({"x": values}, days)


def test_a_gap_is_passed_over_for_the_season_before():
    windows = at(weekly([22]), 28, 7)
    forecast = forecasting.seasonal_naive(windows, period=7)
    np.testing.assert_array_equal(forecast, [[30, 21, 32, 33, 34, 35, 36]])
    windows = at(weekly([22, 15, 8]), 28, 7)
    forecast = forecasting.seasonal_naive(windows, period=7)
    np.testing.assert_array_equal(forecast, [[30, 1, 32, 33, 34, 35, 36]])
    forecast = forecasting.seasonal_median(windows, period=7)
    np.testing.assert_array_equal(forecast, [[15, 1, 17, 18, 19, 20, 21]])


def test_a_median_of_nothing_is_refused_and_the_advice_works():
    frame = weekly([22, 15])
    with pytest.raises(ValueError, match=r"missing in all of the last 2.*more seasons"):
        forecasting.seasonal_median(at(frame, 28, 7), period=7, seasons=2)
    forecast = forecasting.seasonal_median(at(frame, 28, 7), period=7, seasons=3)
    assert forecast[0, 1] == 11
    filled = forecasting.fill_gaps(frame, limit=1)
    forecast = forecasting.seasonal_median(at(filled, 28, 7), period=7, seasons=2)
    assert np.isfinite(forecast).all()


@pytest.mark.parametrize(
    ("season", "options", "first"),
    [
        (forecasting.seasonal_naive, {}, 7),
        (forecasting.seasonal_median, {"seasons": 3}, 21),
    ],
)
def test_looking_back_too_far_is_refused_and_the_advice_works(season, options, first):
    frame = weekly([])
    windows = forecasting.make_windows(frame, 2, 1)
    with pytest.raises(ValueError, match="look back beyond the first row") as caught:
        season(windows, period=7, **options)
    ways = re.findall(r"rows=(slice\(.*?\))", str(caught.value))
    names = {"split": forecasting.time_split(frame)}
    assert [eval(way, names).start for way in ways] == [first, first]
    for way in ways:
        windows = forecasting.make_windows(frame, 2, 1, rows=eval(way, names))
        assert np.isfinite(season(windows, period=7, **options)).all()


def test_a_gap_at_the_beginning_is_refused_and_the_advice_works():
    frame = weekly([5])
    windows = forecasting.make_windows(frame, 2, 1, rows=slice(8, None))
    with pytest.raises(ValueError, match="1 windows, the last with origin 12"):
        forecasting.seasonal_naive(windows, period=7)
    windows = forecasting.make_windows(frame, 2, 1, rows=slice(13, None))
    assert np.isfinite(forecasting.seasonal_naive(windows, period=7)).all()


@pytest.mark.parametrize("number", [0, -1])
def test_no_season_is_no_forecast(number):
    windows = at(SERIES, 50, 2)
    with pytest.raises(ValueError, match=f"seasonal_naive.period={number}.*at least 1"):
        forecasting.seasonal_naive(windows, period=number)
    with pytest.raises(ValueError, match=f"seasonal_median.period={number}"):
        forecasting.seasonal_median(windows, period=number)
    with pytest.raises(ValueError, match=f"seasonal_median.seasons={number}"):
        forecasting.seasonal_median(windows, period=2, seasons=number)
    with pytest.raises(ValueError, match=f"covariate.seasons={number}"):
        forecasting.seasonal_median_covariate(
            hourly_noise(), 2, period=4, seasons=number
        )


def test_a_column_of_several_is_forecast_in_double_precision():
    series = np.column_stack([np.zeros(40), 1e9 + np.arange(40.0) % 4])
    windows = forecasting.make_windows(series, 5, 6, target=1)
    for season in (forecasting.seasonal_naive, forecasting.seasonal_median):
        rows = slice(17, None)
        windows = forecasting.make_windows(series, 5, 6, target=1, rows=rows)
        np.testing.assert_array_equal(season(windows, period=4), windows.targets)


@pytest.fixture(scope="module")
def linear():
    """A series that is a weighted sum of its last two values and something known."""
    rng = np.random.default_rng(2)
    known = rng.normal(size=(600, 1))
    series = np.zeros(600)
    for row in range(2, 600):
        series[row] = 0.6 * series[row - 1] - 0.3 * series[row - 2] + known[row, 0]
    parts = [slice(0, 400), slice(400, 600)]
    return [
        forecasting.make_windows(series, 4, 1, future_covariates=known, rows=rows)
        for rows in parts
    ]


def test_ridge_finds_a_linear_rule(linear):
    train, test = linear
    error = np.abs(forecasting.ridge(train, test) - test.targets).mean()
    assert error < 0.02 * test.targets.std()


def test_gradient_boosting_learns_what_is_future_covariates(linear):
    train, test = linear
    error = np.abs(forecasting.gradient_boosting(train, test) - test.targets).mean()
    assert error < 0.4 * np.abs(test.targets - np.median(train.targets)).mean()


def test_gradient_boosting_adds_the_residual_to_the_guess():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x": np.cumsum(rng.normal(size=400)) * 100},
        index=pd.date_range("2024-01-01", periods=400, freq="h"),
    )
    known = pd.DataFrame({"guess": frame["x"] - 5}, index=frame.index)
    train, test = (
        forecasting.make_windows(frame, 3, 2, future_covariates=known, rows=rows)
        for rows in (slice(0, 300), slice(300, 400))
    )
    forecast = forecasting.gradient_boosting(train, test, residual_of="guess")
    np.testing.assert_allclose(forecast, test.targets, atol=0.01)
    with pytest.raises(ValueError, match=r"no future covariate 'gess'.*'guess'"):
        forecasting.gradient_boosting(train, test, residual_of="gess")


def test_a_high_quantile_lies_above_that_part_of_what_comes():
    noise = np.random.default_rng(4).normal(size=2500)
    train, test = (
        forecasting.make_windows(noise, 2, 1, rows=rows)
        for rows in (slice(0, 1500), slice(1500, 2500))
    )
    forecast = forecasting.gradient_boosting(train, test, quantile=0.9)
    assert abs(np.mean(test.targets <= forecast) - 0.9) < 0.06


@pytest.mark.parametrize("quantile", [0, 1, 90, -0.1, np.nan])
def test_a_quantile_out_of_range_is_refused(linear, quantile):
    with pytest.raises(ValueError, match=f"quantile={quantile}.*between 0 and 1"):
        forecasting.gradient_boosting(*linear, quantile=quantile)


def two_columns(rows=90, stride=1):
    """83 windows of 3 steps to forecast; of each 2 × 5 + 1 + 1 numbers are known."""
    rng = np.random.default_rng(5)
    values, known = rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1))
    return forecasting.make_windows(
        values, 5, 3, future_covariates=known, stride=stride
    )


def step_by_step(windows):
    """The table to learn from, one row after the other, and what is to be learned."""
    rows, answers = [], []
    for past, known, targets in zip(
        windows.past, windows.future, windows.targets, strict=True
    ):
        for step in range(windows.horizon):
            rows.append([*past.ravel(), step, *known[step]])
            answers.append(targets[step])
    return np.array(rows), np.array(answers)


def what_is_learned_from(train, **options):
    """The table and the answers that reach scikit-learn."""
    fit = HistGradientBoostingRegressor.fit
    with mock.patch.object(HistGradientBoostingRegressor, "fit", autospec=True) as spy:
        spy.side_effect = fit
        forecasting.gradient_boosting(train, train, **options)
    _, table, answers = spy.call_args.args
    return table, answers


def test_gradient_boosting_learns_from_every_step_of_every_window(capsys):
    train = two_columns()
    table, answers = what_is_learned_from(train)
    due, due_answers = step_by_step(train)
    np.testing.assert_array_equal(table, due)
    np.testing.assert_array_equal(answers, due_answers)
    assert table.dtype == np.float64  # or scikit-learn makes a copy
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("most", [12 * 50, 12 * 51 - 1])
def test_a_table_that_is_too_large_is_drawn_from_and_the_report_says_so(
    monkeypatch, capsys, most
):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", most)
    train = two_columns()
    table, answers = what_is_learned_from(train)
    assert table.shape == (50, 12)
    assert capsys.readouterr().out == (
        "gradient_boosting: learns from 50 of the 249 steps of its training windows, "
        "drawn at random; all are 2,988 numbers.\n"
    )
    due, due_answers = step_by_step(train)
    places = [int(np.flatnonzero((due == row).all(axis=1))[0]) for row in table]
    assert places == sorted(set(places))
    np.testing.assert_array_equal(answers, due_answers[places])
    assert set(table[:, 10]) == {0, 1, 2}  # of all steps of the horizon
    assert min(places) < 25
    assert max(places) > 225


def test_a_table_that_just_has_room_is_used_whole(monkeypatch, capsys):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 249 * 12)
    assert len(what_is_learned_from(two_columns())[0]) == 249
    assert capsys.readouterr().out == ""


def test_fewer_windows_are_used_whole(monkeypatch, capsys):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 12 * 50)
    train = two_columns(stride=6)
    np.testing.assert_array_equal(
        what_is_learned_from(train)[0], step_by_step(train)[0]
    )
    assert capsys.readouterr().out == ""


def test_the_seed_decides_what_is_drawn(monkeypatch):
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 12 * 50)
    first, same, other = (
        what_is_learned_from(two_columns(), seed=seed)[0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_all_at_once_and_in_parts_are_the_same_forecast(monkeypatch):
    windows = two_columns()
    whole = forecasting.gradient_boosting(windows, windows)
    with mock.patch.object(
        HistGradientBoostingRegressor,
        "predict",
        autospec=True,
        side_effect=HistGradientBoostingRegressor.predict,
    ) as predict:
        monkeypatch.setattr(baselines, "_AT_ONCE", 12 * 50)
        parts = forecasting.gradient_boosting(windows, windows)
    np.testing.assert_array_equal(parts, whole)
    assert [len(call.args[1]) for call in predict.call_args_list] == [50] * 4 + [49]


def test_windows_of_double_precision_keep_it():
    train = two_columns()
    train.values = train.values.astype(float) + 1e-12  # too little for float32
    table, answers = what_is_learned_from(train)
    due, due_answers = step_by_step(train)
    np.testing.assert_array_equal(table, due)
    np.testing.assert_array_equal(answers, due_answers)


def hourly_noise(rows=300):
    hours = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.Series(SERIES[:rows], hours, name="x")


def test_the_covariate_is_the_median_of_each_row_and_of_those_to_come():
    series = hourly_noise()
    ahead = forecasting.seasonal_median_covariate(series, 5, period=24, seasons=3)
    windows = forecasting.make_windows(series, 1, 1, rows=slice(72, 300))
    by_row = forecasting.seasonal_median(windows, period=24, seasons=3)[:, 0]
    np.testing.assert_allclose(ahead.iloc[72:300], by_row, rtol=1e-6)
    last = np.stack([SERIES[300 - 24 * back :][:5] for back in (1, 2, 3)])
    np.testing.assert_array_equal(ahead.iloc[300:], np.median(last, axis=0))
    assert ahead.iloc[:72].isna().all()
    assert ahead.index[-1] == series.index[-1] + pd.Timedelta("5h")


def test_the_covariate_of_a_horizon_was_known_at_its_origin():
    series = hourly_noise()
    start, horizon = 250, 24
    changed = series.copy()
    changed.iloc[start:] += 9
    seen, hidden = (
        forecasting.seasonal_median_covariate(data, horizon, period=24).iloc[
            start : start + horizon
        ]
        for data in (series, changed)
    )
    pd.testing.assert_series_equal(seen, hidden)


def test_a_horizon_beyond_the_season_is_refused():
    with pytest.raises(ValueError, match="a horizon of 25 steps and a period of 24"):
        forecasting.seasonal_median_covariate(hourly_noise(), 25, period=24)
    with pytest.raises(ValueError, match="95 rows are less than the 4 seasons"):
        forecasting.seasonal_median_covariate(hourly_noise(95), 5, period=24)
