import matplotlib.dates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import forecasting, plots
from simple_lstm.forecasting._time_index import following

UNITS = ["s", "ms", "us", "ns"]
FIXED = ["h", "15min", "2h", "36h"]
CALENDAR = ["D", "2D", "3D", "14D", "B", "2W-MON", "SMS", "SMS-16", "SME", "2MS", "6ME"]
CALENDAR += [f"W-{day}" for day in ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")]
CALENDAR += ["MS", "ME", "BMS", "BME", "QS", "QE", "QS-FEB", "QE-NOV", "BQS", "BQE"]
CALENDAR += ["2QS", "YS", "YE", "YS-APR", "YE-JUN", "BYS", "BYE", "2YS"]
ZONES = [None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
BUSINESS = {"D": "B", "2MS": "2BMS", "6ME": "6BME", "MS": "BMS", "ME": "BME"}
BUSINESS |= {"QS": "BQS", "QE": "BQE", "QS-FEB": "BQS-FEB", "QE-NOV": "BQE-NOV"}
BUSINESS |= {"2QS": "2BQS", "YS": "BYS", "YE": "BYE", "2YS": "2BYS"}
BUSINESS |= {"YS-APR": "BYS-APR", "YE-JUN": "BYE-JUN"}
BUSINESS |= {business: step for step, business in BUSINESS.items()}
HALF_MONTHS = [f"{form}-{day}" for form in ("SMS", "SME") for day in range(10, 21)]
fast = settings(deadline=None, derandomize=True, max_examples=400)


def without_freq(index):
    index = index.copy()
    index.freq = None
    return index


def message(call, *arguments, **options):
    with pytest.raises(ValueError, match=r"\w") as caught:
        call(*arguments, **options)
    return str(caught.value)


@st.composite
def evenly_spaced(draw):
    """A step, and times 10 longer than asked for, which say how it goes on."""
    step = draw(st.sampled_from(FIXED + CALENDAR))
    day = draw(st.datetimes(pd.Timestamp(1990, 1, 1), pd.Timestamp(2035, 1, 1)))
    zone, unit = draw(st.sampled_from(ZONES)), draw(st.sampled_from(UNITS))
    if step in FIXED:
        start = pd.Timestamp(day.replace(second=0, microsecond=0), tz="UTC")
        start = start.tz_convert(zone)
    else:
        hour = draw(st.sampled_from([0, 6, 16]))
        start = pd.Timestamp(day.year, day.month, day.day, hour, tz=zone)
    rows = draw(st.integers(3, 40))
    return step, pd.date_range(start, periods=rows + 10, freq=step, unit=unit)


# The step ---------------------------------------------------------------------------


@given(evenly_spaced())
@fast
def test_the_step_goes_on_as_the_times_do_or_there_is_a_question(series):
    _, times = series
    index = without_freq(times[:-10])
    try:
        coming = following(index, 10)
    except ValueError as error:
        coming, question = None, str(error)
    if coming is None:
        assert question.startswith("the times fit steps of")
    else:
        assert coming.equals(times[-10:])
        assert coming.dtype == times.dtype


def other_readings(step, times):
    """Steps of another kind that these times fit, too."""
    if step.startswith("SM"):  # in February they can be two weeks apart
        others = ["14D", "15D", "16D"]
    else:
        others = HALF_MONTHS if step in ("14D", "2W-MON") else [BUSINESS.get(step)]
    ranges = (pd.date_range(times[0], periods=len(times), freq=s) for s in others if s)
    return [other for other in ranges if (other == times).all()]


@given(evenly_spaced())
@fast
def test_a_question_is_asked_only_if_both_answers_fit_and_one_goes_on(series):
    step, times = series
    index = without_freq(times[:-10])
    if not other_readings(step, index.tz_localize(None)):
        forecasting.frequency(index)
        return
    question = message(forecasting.frequency, index)
    frame = pd.DataFrame({"x": 1.0}, index)
    recipes = question.split("Choose one: ")[1].rstrip(".").split(" or ")
    answers = [eval(recipe, {"frame": frame}).index for recipe in recipes]
    assert all(answer.equals(index) for answer in answers)
    ways = [following(answer, 10) for answer in answers]
    assert any(way.equals(times[-10:]) for way in ways)
    first, second = (following(answer, 30) for answer in answers)
    assert not first.equals(second)


@given(evenly_spaced(), st.data())
@fast
def test_missing_rows_are_told_from_an_odd_time(series, data):
    _, times = series
    index = without_freq(times)
    dropped = data.draw(st.sets(st.integers(1, len(times) - 2), max_size=3))
    odd = data.draw(st.integers(1, len(times) - 2))
    moved = index.insert(odd, index[odd] + pd.Timedelta("61s")).delete(odd + 1)
    assert "are missing" not in message(forecasting.frequency, moved)
    gaps = index.delete(sorted(dropped))
    try:
        forecasting.frequency(gaps)
        return
    except ValueError as error:
        reason = str(error)
    if "are missing: frame" in reason:
        recipe = reason.split("missing: ")[1].split(" adds")[0]
        whole = eval(recipe, {"frame": pd.DataFrame({"x": 1.0}, gaps)})
        assert whole["x"].count() == len(gaps)
        assert len(whole) <= len(times)


def test_monday_to_friday_are_days_or_business_days():
    week = without_freq(pd.date_range("2024-01-01", periods=5))
    assert message(forecasting.frequency, week) == (
        'the times fit steps of "D" and of "B" (business days): after 2024-01-05 '
        "00:00:00 comes 2024-01-06 00:00:00 or 2024-01-08 00:00:00. Choose one: "
        'frame.asfreq("D") or frame.asfreq("B").'
    )
    assert forecasting.frequency(week.append(week + pd.Timedelta("7D"))) == (
        pd.offsets.BusinessDay()
    )


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("zone", ZONES)
def test_no_call_minds_the_unit_of_the_times(unit, zone):
    hours = pd.date_range("2024-10-26", periods=60, freq="h", tz=zone, name="time")
    index = without_freq(hours[:50].as_unit(unit))
    assert forecasting.frequency(index) == pd.offsets.Hour()
    known = forecasting.calendar_features(index, ahead=10)
    assert known.index.equals(hours.as_unit(unit))
    series = pd.Series(np.arange(50.0), index, name="x")
    typical = forecasting.seasonal_median_covariate(series, 10, period=12)
    assert typical.index.equals(known.index)
    frame = forecasting.fill_gaps(series.to_frame(), limit=1)
    for other in UNITS:
        ahead = known.set_axis(known.index.as_unit(other))
        windows = forecasting.make_windows(frame, 12, 6, future_covariates=ahead)
        assert len(windows.future_values) == 60


@pytest.mark.parametrize("zone", ZONES)
def test_short_days_are_days(zone):
    days = pd.date_range("2024-03-08", periods=40, tz=zone)  # 23 hours here or there
    for first in range(30):
        index = without_freq(days[first : first + 8])
        assert next(iter(forecasting.calendar_features(index))) == "week_sin"
    gaps = days.delete(5)
    assert "3 days" not in message(forecasting.frequency, gaps)
    assert "1 rows are missing" in message(forecasting.frequency, gaps)


def test_business_years_have_no_year_to_go_round():
    years = pd.date_range("2022-01-01", periods=4, freq="BYS")  # the first has 364 days
    assert not len(forecasting.calendar_features(years).columns)


def test_days_that_do_not_exist_are_refused():
    hours = pd.date_range("2024-04-20", "2024-04-24 23:00", freq="h", tz="Africa/Cairo")
    frame = pd.DataFrame({"x": 1.0}, hours).resample("D").mean()
    reason = message(forecasting.calendar_features, frame.index, ahead=3)
    assert "does not exist in Africa/Cairo" in reason
    days = eval(reason.split(": ")[-1].rstrip("."), {"frame": frame}).index
    assert forecasting.calendar_features(days, ahead=3).index[-1] == pd.Timestamp(
        "2024-04-27"
    )


def test_a_row_alone_goes_on_if_its_step_is_known():
    day = pd.date_range("2024-01-05", periods=1)
    assert forecasting.calendar_features(day, ahead=1).index[-1] == pd.Timestamp(
        "2024-01-06"
    )
    assert "0 rows are too few" in message(forecasting.calendar_features, day[:0])


# What an error tells to do ------------------------------------------------------------

DAYS = pd.date_range("2024-01-05", periods=6)
AUTUMN = pd.date_range("2024-10-26 23:00", periods=5, freq="h", tz="Europe/Berlin")
QUARTERS = pd.date_range("2024-10-27", periods=20, freq="15min", tz="Europe/Berlin")
SMALLER = [0, 1, 2, 3, 7]


def table(index, **columns):
    return pd.DataFrame(columns or {"x": range(len(index))}, index)


def periods(freq):
    return table(pd.period_range("2024-01-01", periods=8, freq=freq))


ADVICE = {
    "no index": (
        table(range(6), time=DAYS.astype(str), x=range(6)),
        "frame.set_index(pd.to_datetime(frame['time']))",
        ("D", 6),
    ),
    "texts": (
        table(DAYS.astype(str)),
        "frame.set_axis(pd.to_datetime(frame.index))",
        ("D", 6),
    ),
    "years": (
        table([2003, 2004, 2005, 2006]),
        'frame.set_axis(pd.to_datetime(frame.index.astype(str), format="%Y"))',
        ("YS-JAN", 4),
    ),
    "two levels": (
        table(pd.MultiIndex.from_product([["A", "B"], DAYS])),
        "frame.xs('A', level=0)",
        ("D", 6),
    ),
    "two levels, times first": (
        table(pd.MultiIndex.from_product([DAYS, ["A", "B"]])),
        "frame.xs('A', level=1)",
        ("D", 6),
    ),
    "periods": (periods("M"), "frame.to_timestamp()", ("MS", 8)),
    "weeks": (periods("W"), "frame.to_timestamp()", ("W-MON", 8)),
    "hours": (periods("h"), "frame.to_timestamp()", ("h", 8)),
    "years as periods": (periods("Y"), "frame.to_timestamp()", ("YS-JAN", 8)),
    "no time": (
        table(DAYS.insert(2, pd.NaT)),
        "frame[frame.index.notna()]",
        ("D", 6),
    ),
    "unsorted": (
        table(DAYS[[1, 0, 2, 3, 4, 5]]),
        'frame.sort_index(kind="stable")',
        ("D", 6),
    ),
    "several series": (
        table(DAYS[[0, 0, 1, 1, 2, 2]], store=list("ABABAB"), x=range(6)),
        "frame[frame['store'] == 'A']",
        ("D", 3),
    ),
    "hours in a column": (
        table(DAYS[[0, 0, 0, 1, 1, 1]], hour=[0, 8, 16] * 2, x=range(6)),
        "frame.set_axis(frame.index + pd.to_timedelta(frame['hour'], unit='h'))",
        ("8h", 6),
    ),
    "true duplicates": (
        table(DAYS[[0, 1, 1, 2, 3]], x=[0, 1, 1, 2, 3]),
        "frame[~frame.index.duplicated()]",
        ("D", 4),
    ),
    "hours in autumn": (
        table(AUTUMN.tz_localize(None)),
        'frame.tz_localize("Europe/Berlin", ambiguous="infer")',
        ("h", 5),
    ),
    "quarters of an hour in autumn": (
        table(QUARTERS.tz_localize(None)),
        'frame.tz_localize("Europe/Berlin", ambiguous="infer")',
        ("15min", 20),
    ),
    "missing hours": (
        table(pd.date_range("2024-01-01", periods=9, freq="h")[SMALLER]),
        'frame.asfreq("h")',
        ("h", 8),
    ),
    "a holiday": (
        table(pd.bdate_range("2024-03-25", periods=9).delete(5)),
        'frame.asfreq("B")',
        ("B", 9),
    ),
    "missing weeks": (
        table(pd.date_range("2024-01-01", periods=9, freq="7D")[SMALLER]),
        'frame.asfreq("7D")',
        ("7D", 8),
    ),
    "an odd minute": (
        table(DAYS[:3].append(DAYS[3:] + pd.Timedelta("1min"))),
        'frame.resample("1D").mean()',
        ("D", 6),
    ),
    "odd days": (
        table(pd.to_datetime(["2024-01-14", "2024-02-15", "2024-03-15"])),
        'frame.resample("MS").mean()',
        ("MS", 3),
    ),
    "events": (
        table(pd.to_datetime([0, 1, 10**13, 10**14, 10**15], unit="us")),
        'frame.resample("1D").mean()',
        ("D", 11575),
    ),
    "two readings": (
        table(without_freq(pd.date_range("2024-01-01", periods=3, freq="MS"))),
        'frame.asfreq("BMS")',
        ("BMS", 3),
    ),
    "half months or weeks": (
        table(pd.to_datetime(["2023-02-01", "2023-02-15", "2023-03-01"])),
        'frame.asfreq("SMS-15")',
        ("SMS-15", 3),
    ),
}


@pytest.mark.parametrize(
    ("frame", "recipe", "expected"), ADVICE.values(), ids=ADVICE.keys()
)
def test_what_an_error_advises_works(frame, recipe, expected):
    reason = message(forecasting.frequency, frame.index)
    assert recipe in reason
    assert reason.endswith(".")
    mended = eval(recipe, {"frame": frame, "pd": pd})
    assert (forecasting.frequency(mended.index).freqstr, len(mended)) == expected


def test_no_right_row_is_lost_where_several_series_are_stacked():
    frame = table(DAYS[[0, 1, 2, 0, 1, 2]], store=list("AAABBB"), x=range(6))
    reason = message(forecasting.time_split, frame)
    frame = eval(reason.split("first: ")[-1].rstrip("."), {"frame": frame})
    assert frame["x"].tolist() == [0, 3, 1, 4, 2, 5]
    reason = message(forecasting.time_split, frame)
    assert reason.index("several series") < reason.index("duplicated()")
    assert "Only where rows repeat each other" in reason


def test_a_split_takes_one_series():
    frame = table(pd.MultiIndex.from_product([["A", "B"], DAYS]))
    assert "Take one series" in message(forecasting.time_split, frame)


# Figures ------------------------------------------------------------------------------


def tick_labels(ax):
    """The labels that matplotlib draws, and the times at which it draws them."""
    ax.figure.canvas.draw()
    places = matplotlib.dates.num2date(ax.get_xticks())
    return [text.get_text() for text in ax.get_xticklabels()], places


@pytest.mark.parametrize("hours", [8, 60, 24 * 40])
@pytest.mark.parametrize(
    "zone", ["America/Los_Angeles", "America/New_York", "Europe/Berlin", "Asia/Kolkata"]
)
@pytest.mark.parametrize(
    "start", ["2024-03-30 20:00", "2024-10-26 20:00", "2024-11-03"]
)
def test_a_forecast_is_drawn_in_local_time(hours, zone, start):
    times = pd.date_range(start, periods=hours, freq="h", tz=zone)
    values = pd.Series(np.arange(float(hours)), times, name="x")
    interval = pd.DataFrame({"a": values[-2:], "b": values[-2:]})
    ax = plots.forecast(
        values[:-2], {"m": values[-2:]}, y_true=values[-2:], interval=interval
    )
    labels, places = tick_labels(ax)
    plt.close("all")
    assert len(labels) > 2
    for label, place in zip(labels, places, strict=True):
        local = pd.Timestamp(place).tz_convert(zone)
        forms = ["%Y", "%b", "%d", "%Y-%b", "%b-%d", "%H:%M"]
        assert label in [local.strftime(form) for form in forms]
        if ":" not in label:  # a day or a month begins here, not somewhere else
            assert local == local.normalize()


def test_times_with_and_without_a_zone_are_not_drawn_together():
    hours = pd.date_range("2024-01-01", periods=8, freq="h", tz="Asia/Kolkata")
    past = pd.Series(1.0, hours[:5], name="x")
    coming = pd.Series(1.0, hours[5:])
    for first, second in [
        (past.tz_localize(None), coming),
        (past, coming.tz_localize(None)),
    ]:
        reason = message(plots.forecast, first, {"LSTM": second})
        recipe = reason.split(": ")[-1].rstrip(".")
        assert len(
            plots.forecast(first, {"LSTM": eval(recipe, {"series": second})}).lines
        )
    plt.close("all")


def test_days_of_a_zone_that_are_read_in_utc_are_not_moved(tmp_path):
    days = pd.date_range("2023-03-20", periods=30, freq="D", tz="Europe/Berlin")
    path = tmp_path / "sales.csv"
    rows = [f"{day.isoformat()},{number}" for number, day in enumerate(days)]
    path.write_text("\n".join(["day,sales", *rows]))
    with pytest.raises(ValueError, match="Are these days of a zone") as caught:
        forecasting.read_series(path)
    text = str(caught.value)
    assert 'frame.tz_convert("Europe/Berlin")' in text
    assert "utc=True" in text  # how to come to the frame
    frame = pd.read_csv(path, index_col="day")
    frame.index = pd.to_datetime(frame.index, format="mixed", utc=True)
    moved = frame.tz_convert("Europe/Berlin")
    assert forecasting.frequency(moved.index) == pd.offsets.Day()
    assert moved.index.equals(days.as_unit(moved.index.unit).rename("day"))
