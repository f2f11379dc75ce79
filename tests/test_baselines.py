from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingRegressor

from simple_lstm import baselines, preprocessing

SERIES = np.random.default_rng(0).normal(size=300)
fast = settings(deadline=None, max_examples=80)


@given(st.integers(100, 200), st.integers(1, 40), st.integers(1, 24))
@fast
def test_no_baseline_looks_at_the_start_or_later(start, horizon, period):
    changed = SERIES.copy()
    changed[start:] = 1e9
    for forecast in (
        lambda series: baselines.repeat_last(series, [start], horizon),
        lambda series: baselines.repeat_season(series, [start], horizon, period=period),
        lambda series: baselines.typical_season(
            series, [start], horizon, period=period
        ),
    ):
        np.testing.assert_array_equal(forecast(SERIES), forecast(changed))


@given(st.integers(1, 24), st.integers(1, 60))
@fast
def test_a_periodic_series_is_forecast_exactly(period, horizon):
    series = np.tile(SERIES[:period], 300 // period + 2)
    starts = np.arange(4 * period, 4 * period + 20)
    truth = np.stack([np.resize(np.roll(SERIES[:period], -s), horizon) for s in starts])
    for season in (baselines.repeat_season, baselines.typical_season):
        np.testing.assert_array_equal(
            season(series, starts, horizon, period=period), truth
        )


def test_a_typical_week_is_what_pandas_says():
    hours = pd.date_range("2024-01-01", periods=2000, freq="h")
    series = pd.Series(np.random.default_rng(1).normal(size=2000), hours)
    shifted = pd.concat([series.shift(168 * back) for back in (1, 2, 3, 4)], axis=1)
    starts = np.array([700, 1500])
    forecast = baselines.typical_season(series, starts, 24, period=168)
    for row, start in zip(forecast, starts, strict=True):
        np.testing.assert_allclose(row, shifted.median(axis=1)[start : start + 24])


def test_a_typical_season_passes_over_gaps():
    series = np.array([1.0, np.nan, 3.0, np.nan, 5.0, np.nan])
    forecast = baselines.typical_season(series, [6], 2, period=2, seasons=3)
    np.testing.assert_array_equal(forecast, [[3, np.nan]])


def test_looking_back_too_far_is_refused():
    with pytest.raises(ValueError, match="looks back on rows -2 to 1, but the series"):
        baselines.repeat_season(SERIES, [2, 5], 1, period=4)
    with pytest.raises(ValueError, match="at least 1 time step"):
        baselines.repeat_season(SERIES, [5], 1, period=0)
    with pytest.raises(ValueError, match="one column, as in"):
        baselines.repeat_last(np.zeros((5, 2)), [3], 1)


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
        preprocessing.make_windows(series, 4, 1, known_ahead=known, rows=rows)
        for rows in parts
    ]


def test_ridge_finds_a_linear_rule(linear):
    train, test = linear
    error = np.abs(baselines.ridge(train, test) - test.targets).mean()
    assert error < 0.02 * test.targets.std()


def test_gradient_boosting_learns_what_is_known_ahead(linear):
    train, test = linear
    error = np.abs(baselines.gradient_boosting(train, test) - test.targets).mean()
    assert error < 0.4 * np.abs(test.targets - np.median(train.targets)).mean()


def test_gradient_boosting_adds_its_correction_to_the_guess():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x": np.cumsum(rng.normal(size=400)) * 100},
        index=pd.date_range("2024-01-01", periods=400, freq="h"),
    )
    known = pd.DataFrame({"guess": frame["x"] - 5}, index=frame.index)
    train, test = (
        preprocessing.make_windows(frame, 3, 2, known_ahead=known, rows=rows)
        for rows in (slice(0, 300), slice(300, 400))
    )
    forecast = baselines.gradient_boosting(train, test, correct="guess")
    np.testing.assert_allclose(forecast, test.targets, atol=0.01)
    with pytest.raises(ValueError, match=r"no column 'gess' known ahead.*'guess'"):
        baselines.gradient_boosting(train, test, correct="gess")


def test_a_high_quantile_lies_above_that_part_of_what_comes():
    noise = np.random.default_rng(4).normal(size=2500)
    train, test = (
        preprocessing.make_windows(noise, 2, 1, rows=rows)
        for rows in (slice(0, 1500), slice(1500, 2500))
    )
    forecast = baselines.gradient_boosting(train, test, quantile=0.9)
    assert abs(np.mean(test.targets <= forecast) - 0.9) < 0.06


@pytest.mark.parametrize("quantile", [0, 1, 90, -0.1, np.nan])
def test_a_quantile_out_of_range_is_refused(linear, quantile):
    with pytest.raises(ValueError, match=f"quantile={quantile}.*between 0 and 1"):
        baselines.gradient_boosting(*linear, quantile=quantile)


def two_columns(rows=90, stride=1):
    """83 windows of 3 steps to forecast; of each 2 × 5 + 1 + 1 numbers are known."""
    rng = np.random.default_rng(5)
    values, known = rng.normal(size=(rows, 2)), rng.normal(size=(rows, 1))
    return preprocessing.make_windows(values, 5, 3, known_ahead=known, stride=stride)


def step_by_step(windows):
    """The table to learn from, one row after the other, and what is to be learned."""
    rows, answers = [], []
    for past, known, targets in zip(
        windows.inputs, windows.known, windows.targets, strict=True
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
        baselines.gradient_boosting(train, train, **options)
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
    whole = baselines.gradient_boosting(windows, windows)
    with mock.patch.object(
        HistGradientBoostingRegressor,
        "predict",
        autospec=True,
        side_effect=HistGradientBoostingRegressor.predict,
    ) as predict:
        monkeypatch.setattr(baselines, "_AT_ONCE", 12 * 50)
        parts = baselines.gradient_boosting(windows, windows)
    np.testing.assert_array_equal(parts, whole)
    assert [len(call.args[1]) for call in predict.call_args_list] == [50] * 4 + [49]


def test_windows_of_double_precision_keep_it():
    train = two_columns()
    fine = train.values.astype(float) + 1e-12  # too little for float32
    table, answers = what_is_learned_from(replace(train, values=fine))
    due, due_answers = step_by_step(replace(train, values=fine))
    np.testing.assert_array_equal(table, due)
    np.testing.assert_array_equal(answers, due_answers)


def hourly_noise(rows=300):
    hours = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.Series(SERIES[:rows], hours, name="x")


def test_the_typical_season_ahead_is_that_of_each_row_and_of_those_to_come():
    series = hourly_noise()
    ahead = baselines.typical_ahead(series, 5, period=24, seasons=3)
    rows = np.arange(72, 305)
    by_row = baselines.typical_season(series, rows, 1, period=24, seasons=3)[:, 0]
    np.testing.assert_array_equal(ahead.iloc[72:], by_row)
    assert ahead.iloc[:72].isna().all()
    assert ahead.index[-1] == series.index[-1] + pd.Timedelta("5h")


def test_what_is_typical_of_a_horizon_was_known_at_its_start():
    series = hourly_noise()
    start, horizon = 250, 24
    changed = series.copy()
    changed.iloc[start:] += 9
    seen, hidden = (
        baselines.typical_ahead(data, horizon, period=24).iloc[start : start + horizon]
        for data in (series, changed)
    )
    pd.testing.assert_series_equal(seen, hidden)


def test_a_horizon_beyond_the_season_is_refused():
    with pytest.raises(ValueError, match="a horizon of 25 steps and a period of 24"):
        baselines.typical_ahead(hourly_noise(), 25, period=24)
    with pytest.raises(ValueError, match="95 rows are less than the 4 seasons"):
        baselines.typical_ahead(hourly_noise(95), 5, period=24)
