import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import forecasting

HOURS = pd.date_range("2024-01-01", periods=200, freq="h")
sizes = st.integers(1, 12)
fast = settings(deadline=None, max_examples=100)


def message(exception, call, *arguments, **options):
    with pytest.raises(exception) as caught:
        call(*arguments, **options)
    return str(caught.value)


# Gaps ---------------------------------------------------------------------------

values = st.lists(st.one_of(st.none(), st.floats(-9, 9)), min_size=3, max_size=40)


@given(values, st.integers(1, 5), st.integers(0, 39), st.floats(-9, 9))
@fast
def test_a_filled_value_does_not_change_when_later_rows_change(column, limit, cut, new):
    frame = pd.DataFrame({"x": column}, index=HOURS[: len(column)], dtype=float)
    changed = frame.copy()
    changed.iloc[cut:] = new
    before, after = (
        forecasting.fill_gaps(data, limit=limit).iloc[:cut] for data in (frame, changed)
    )
    pd.testing.assert_frame_equal(before, after)


@given(values, st.integers(1, 5))
@fast
def test_only_gaps_are_filled_and_no_longer_than_the_limit(column, limit):
    frame = pd.DataFrame({"x": column}, index=HOURS[: len(column)], dtype=float)
    filled = forecasting.fill_gaps(frame, limit=limit)["x"].to_numpy()
    for row, value in enumerate(frame["x"]):
        if not np.isnan(value):
            assert filled[row] == value
            continue
        seen = frame["x"].iloc[max(0, row - limit) : row].dropna()
        expected = seen.iloc[-1] if len(seen) else np.nan
        np.testing.assert_equal(filled[row], expected)


def test_gaps_over_the_limit_are_counted(capsys):
    frame = pd.DataFrame({"x": [1, *[np.nan] * 5, 2, 3, np.nan]}, index=HOURS[:9])
    forecasting.fill_gaps(frame, limit=2)
    assert capsys.readouterr().out == (
        "fill_gaps: filled 3 of 6 missing values; 3 stay missing "
        "(longest gap: 5 steps).\n"
    )
    assert message(ValueError, forecasting.fill_gaps, frame, limit=0) == (
        "fill_gaps(limit=0): the limit must be at least 1 step."
    )


# Calendar and frequency -----------------------------------------------------------


def test_the_calendar_comes_round():
    table = forecasting.calendar_features(
        pd.date_range("2024-01-01", periods=337, freq="h")
    )
    np.testing.assert_allclose(
        table["day_sin"][:24], table["day_sin"][24:48], atol=1e-9
    )
    np.testing.assert_allclose(table.iloc[0, :4], table.iloc[168, :4], atol=1e-9)
    assert len(np.unique(table.iloc[:168, :4].round(6), axis=0)) == 168


def test_the_calendar_knows_no_cycle_shorter_than_a_step():
    months = pd.date_range("2024-01-01", periods=24, freq="MS")
    assert list(forecasting.calendar_features(months)) == ["year_sin", "year_cos"]


def test_the_calendar_goes_on_beyond_the_last_row():
    months = pd.date_range("2024-01-01", periods=30, freq="MS", name="month")
    whole = forecasting.calendar_features(months)
    pd.testing.assert_frame_equal(
        forecasting.calendar_features(months[:25], ahead=5), whole
    )
    assert "must be 0 or more" in message(
        ValueError, forecasting.calendar_features, months, ahead=-1
    )


def test_uneven_times_are_refused():
    index = HOURS[[0, 1, 2, 3, 7]]
    assert message(ValueError, forecasting.frequency, index) == (
        "the times are not evenly spaced: the usual step is 0 days 01:00:00, but "
        "2024-01-01 07:00:00 comes 0 days 04:00:00 after 2024-01-01 03:00:00. 3 rows "
        'are missing: frame.asfreq("h") adds them as NaN.'
    )
    odd = HOURS[:4].append(HOURS[[5]] + pd.Timedelta(minutes=17))
    assert message(ValueError, forecasting.frequency, odd) == (
        "the times are not evenly spaced: the usual step is 0 days 01:00:00, but "
        "2024-01-01 05:17:00 comes 0 days 02:17:00 after 2024-01-01 03:00:00. Bring "
        'them to even steps first: frame.resample("h").mean().'
    )
    assert "not times" in message(ValueError, forecasting.frequency, pd.Index([1, 2]))


# Splits -------------------------------------------------------------------------


@given(st.integers(10, 500), st.floats(0.05, 0.45), st.floats(0.05, 0.45))
@fast
def test_the_parts_are_in_order_and_hold_every_row_once(rows, validation, test):
    data = np.arange(rows)
    try:
        split = forecasting.time_split(data, validation=validation, test=test)
    except ValueError:
        assert round(rows * min(validation, test)) == 0
        return
    parts = [data[part] for part in (split.train, split.validation, split.test)]
    np.testing.assert_array_equal(np.concatenate(parts), data)
    assert all(len(part) for part in parts)


def test_a_split_without_a_part_is_refused():
    assert message(ValueError, forecasting.time_split, np.arange(100), test=1.0) == (
        "time_split: validation=0.15 and test=1.0 of 100 rows leave a part without "
        "rows. Each must be above 0, their sum below 1, and there must be enough rows."
    )
    few = message(ValueError, forecasting.time_split, np.arange(3))
    assert "of 3 rows leave a part without rows" in few
