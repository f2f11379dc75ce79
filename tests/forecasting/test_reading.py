import csv
import datetime as dt
import io
import math
import re
from dataclasses import dataclass
from itertools import pairwise, product
from statistics import multimode

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simple_lstm import forecasting


def write(tmp_path, text):
    path = tmp_path / "sales.csv"
    path.write_text(text, encoding="utf-8")
    return path


def write_times(tmp_path, times):
    return write(tmp_path, "t,x\n" + "".join(f"{time},1\n" for time in times))


def message(exception, call, *arguments, **options):
    with pytest.raises(exception) as caught:
        call(*arguments, **options)
    return str(caught.value)


# Examples -----------------------------------------------------------------------


def test_a_series_is_read_with_its_times_and_gaps(tmp_path):
    path = write(
        tmp_path, "day,sales,returns\n2024-01-05,3,1\n2024-01-06,,1\n2024-01-07,4.5,0\n"
    )
    frame = forecasting.read_series(path)
    assert frame.index.freqstr == "D"
    assert frame.index.name == "day"
    np.testing.assert_array_equal(frame["sales"], [3, np.nan, 4.5])
    assert list(forecasting.read_series(path, columns=["returns"])) == ["returns"]


def test_what_is_written_is_read_again(tmp_path, hourly):
    path = tmp_path / "hourly.csv"
    hourly.to_csv(path)
    hourly.index = hourly.index.as_unit("us")  # older versions of pandas count in ns
    pd.testing.assert_frame_equal(forecasting.read_series(path), hourly)


def test_time_steps_without_a_row_become_gaps_and_are_counted(tmp_path, capsys):
    path = write(
        tmp_path,
        "t,x\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-05,5\n2024-01-06,6\n",
    )
    frame = forecasting.read_series(path)
    np.testing.assert_array_equal(frame["x"], [1, 2, 3, np.nan, 5, 6])
    assert capsys.readouterr().out == (
        'read_series("sales.csv"): 1 time steps have no row in the file: now NaN.\n'
    )


def test_days_that_can_only_come_first_are_read_so(tmp_path):
    path = write(tmp_path, "t,x\n12/01/2024,1\n13/01/2024,2\n14/01/2024,3\n")
    assert forecasting.read_series(path).index[0] == pd.Timestamp("2024-01-12")


def test_a_comma_or_an_empty_line_at_the_end_does_no_harm(tmp_path):
    path = write(tmp_path, "t,x,\n2024-01-05,1,\n\n2024-01-06,2,\n2024-01-07,3,\n\n")
    frame = forecasting.read_series(path, columns="x")
    assert frame["x"].tolist() == [1, 2, 3]
    assert list(forecasting.read_series(path)) == ["x"]
    path = write(tmp_path, "t,x\n2024-01-01,1\n\n2024-01-02,two\n")
    assert "first at row 4: 'two'" in message(ValueError, forecasting.read_series, path)


def test_years_are_years(tmp_path):
    path = write(tmp_path, "t,x\n2004-01-01,1\n2005-01-01,2\n2006-01-01,3\n")
    assert forecasting.read_series(path).index.freqstr.startswith("YS")


def test_weekends_are_no_gaps_in_a_series_of_working_days(tmp_path):
    days = pd.bdate_range("2024-01-01", periods=40).delete([5, 17])
    rows = "".join(f"{day:%Y-%m-%d},1\n" for day in days)
    frame = forecasting.read_series(write(tmp_path, "t,x\n" + rows))
    assert frame.index.freqstr == "B"
    assert frame["x"].isna().sum() == 2


def test_months_count_as_even_steps(tmp_path):
    path = write(tmp_path, "t,x\n2024-05-01,1\n2024-06-01,2\n2024-07-01,3\n")
    assert forecasting.read_series(path).index.freqstr == "MS"


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        (
            "time,sales\n2024-01-01,1\n",
            {"columns": ["sale"]},
            "read_series(\"sales.csv\"): there is no column 'sale'. "
            "The columns are 'time', 'sales'.",
        ),
        (
            "time,sales\n2024-01-01,1\n2024-01-02,n/a\n2024-01-03,two\n",
            {},
            "read_series(\"sales.csv\"): column 'sales' has 2 values that are not "
            "numbers, first at row 3: 'n/a'. Write them as 1234.5, or as an empty cell "
            "if nothing is known, or name other columns with columns=[...].",
        ),
        (
            "time,sales\n2024-01-02,1\n2024-01-01,2\n2024-01-03,3\n",
            {},
            'read_series("sales.csv"): the times are not sorted: 2024-01-01 00:00:00 '
            "(row 3) comes after 2024-01-02 00:00:00. Sort them first: "
            'frame.sort_index(kind="stable"). Here frame = pd.read_csv(path, '
            "index_col='time', parse_dates=True).",
        ),
        (
            "time,sales\n2024-01-01,1\n2024-01-02,2\n2024-01-02,3\n",
            {},
            'read_series("sales.csv"): there are duplicate timestamps (1), first '
            "2024-01-02 00:00:00 (row 4). Does the table hold several series? Take one "
            "of them: frame[frame['store'] == 'A']. Is a part of the time in another "
            "column? Add it: frame.set_axis(frame.index + "
            "pd.to_timedelta(frame['hour'], unit='h')). Only where rows repeat each "
            "other, keep one of them: frame[~frame.index.duplicated()]. Here "
            "frame = pd.read_csv(path, index_col='time', parse_dates=True).",
        ),
        (
            "time,sales\n2024-01-01,1\nyesterday,2\n2024-01-03,3\n",
            {},
            "read_series(\"sales.csv\"): column 'time' has 1 cells that are not times "
            "like the others, first at row 3: 'yesterday'. Name the column of times "
            "with time=..., and write them as 2024-01-31 15:00, years 1000 to 2199.",
        ),
        (
            "time,sales\n2024-01-01,1\n2024-01-02,2\n",
            {},
            'read_series("sales.csv"): 2 rows are too few to know the time step; give '
            "at least 3.",
        ),
        (
            "time;sales\n2024-01-01;1\n",
            {},
            "read_series(\"sales.csv\"): there is no column beside 'time;sales'. Name "
            "one with columns=[...], or write one into the file. If ';' separates the "
            "cells: pd.read_csv(path, sep=';', decimal=\",\", keep_default_na=False, "
            "na_values=['']).to_csv(\"new.csv\", index=False).",
        ),
        (
            "t,x\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 02:00,3\n"
            "2024-01-01 02:17,3\n",
            {},
            'read_series("sales.csv"): the times are not evenly spaced: the usual step '
            "is 0 days 01:00:00, but 2024-01-01 02:17:00 comes 0 days 00:17:00 after "
            "2024-01-01 02:00:00. Bring them to even steps first: "
            'frame.resample("h").mean(). Here '
            "frame = pd.read_csv(path, index_col='t', parse_dates=True).",
        ),
        (
            "day,x\n01/02/2024,1\n02/02/2024,2\n03/02/2024,3\n",
            {},
            "read_series(\"sales.csv\"): '01/02/2024' (row 2) can mean 2024-01-02 or "
            "2024-02-01. Write the year first. If days come before months: "
            "pd.read_csv(path, parse_dates=['day'], dayfirst=True, "
            "keep_default_na=False, na_values=['']).to_csv(\"new.csv\", "
            "index=False). If not: the same with dayfirst=False.",
        ),
        (
            "t,x,x\n2024-01-01,1,2\n",
            {},
            "read_series(\"sales.csv\"): two columns have the name 'x'. Give each its "
            "own.",
        ),
        (
            "time,sales\n2024-01-01,1,5\n",
            {},
            'read_series("sales.csv"): row 2 has 3 cells, but the first line has 2. '
            "Write an empty cell for a gap and numbers as 1234.5.",
        ),
        (
            "time,sales,returns\n2024-01-01,1,0\n2024-01-02,5\n",
            {"columns": "sales"},
            'read_series("sales.csv"): row 3 has 2 cells, but the first line has 3. '
            "Write an empty cell for a gap and numbers as 1234.5.",
        ),
        (
            ",sales\n2024-01-01,1\n",
            {},
            'read_series("sales.csv"): column 1 has no name in the first line. Give it '
            'one; for times frame.to_csv(path, index_label="time") does.',
        ),
        (
            "2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n",
            {},
            "read_series(\"sales.csv\"): the first line has a time, '2024-01-01', and "
            "no names. Put a line of names before it.",
        ),
        (
            "time,sales\n2024-01-01,1\n",
            {"columns": ["sales", "sales"]},
            "read_series(\"sales.csv\"): time='time' and columns=['sales', 'sales'] "
            "name a column twice. Name each once.",
        ),
        (
            "time,sales\n2024-01-01,1\n",
            {"columns": 3},
            'read_series("sales.csv"): there is no column 3. The columns are '
            "'time', 'sales'.",
        ),
    ],
)
def test_a_bad_file_is_met_by_one_clear_error(tmp_path, text, options, expected):
    path = write(tmp_path, text)
    assert message(ValueError, forecasting.read_series, path, **options) == expected


def test_a_missing_or_empty_file_is_named(tmp_path):
    absent = message(FileNotFoundError, forecasting.read_series, "nowhere.csv")
    assert absent.startswith('read_series("nowhere.csv"): there is no file')
    empty = message(ValueError, forecasting.read_series, write(tmp_path, ""))
    assert "not a comma-separated text file with a header" in empty


@pytest.mark.parametrize(
    "name",
    [".", "a/b.csv", "x.csv/", "n" * 5000],
    ids=["folder", "absent", "/", "long"],
)
def test_what_is_no_file_is_met_by_one_clear_error(tmp_path, name):
    write(tmp_path, "")
    with pytest.raises(OSError, match=r"there is no file .* Check the path") as caught:
        forecasting.read_series(str(tmp_path / name))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_in_another_encoding_is_refused(tmp_path, encoding):
    path = tmp_path / "sales.csv"
    path.write_text("t,größe\n2024-01-01,1\n", encoding=encoding)
    reason = message(ValueError, forecasting.read_series, path)
    assert "Save it as CSV in UTF-8" in reason


def test_a_number_keeps_every_digit(tmp_path):
    numbers = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, 2**53 + 2, -0.0]
    days = pd.date_range("2024-01-01", periods=len(numbers)).astype(str)
    rows = "".join(f"{day},{x!r}\n" for day, x in zip(days, numbers, strict=True))
    read = forecasting.read_series(write(tmp_path, "t,x\n" + rows))["x"]
    assert list(map(repr, read.tolist())) == list(map(repr, map(float, numbers)))


@pytest.mark.parametrize(
    "cell",
    [
        *["1\x002", '"1"2', "1_0", "٣", "0x1", "1e999", "True"],
        pytest.param("1" * 50_000 + "x", id="long"),
    ],
)
def test_what_only_resembles_a_number_is_refused(tmp_path, cell):
    text = f"t,x\n2024-01-01,1\n2024-01-02,{cell}\n2024-01-03,3\n"
    message(ValueError, forecasting.read_series, write(tmp_path, text))


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-01", "2024-01-02", "today"],
        ["10:00", "11:00", "12:00"],
        ["Jan", "Feb", "Mar"],
        ["24/01/05", "24/01/06", "24/01/07"],
        ["240105", "240106", "240107"],
        ["1704067200", "1704070800", "1704074400"],
        ["1234.5", "1234.6", "1234.7"],
        ["0001-01-01", "0001-01-02", "0001-01-03"],
        ["9999-12-29", "9999-12-30", "9999-12-31"],
        ["2024-01-11", "2024-02-11", "2024-13-11"],
        ["2024-01-01 00:00", "2024-01-01 01:00Z", "2024-01-01 02:00Z"],
        ["05 Jan 2024 10:00 EST", "05 Jan 2024 11:00 EST", "05 Jan 2024 12:00 EST"],
    ],
)
def test_what_only_resembles_a_time_is_refused(tmp_path, times):
    path = write_times(tmp_path, times)
    assert "not times like the others" in message(
        ValueError, forecasting.read_series, path
    )


def test_nothing_but_the_frame_comes_of_days_before_months(tmp_path, capfd):
    path = write(tmp_path, "t,x\n30.03.2024,1\n31.03.2024,2\n01.04.2024,3\n")
    index = forecasting.read_series(path).index
    assert index.equals(pd.date_range("2024-03-30", periods=3, unit="us"))
    assert capfd.readouterr() == ("", "")


def test_hours_across_the_change_of_clocks_are_given_in_utc(tmp_path, capsys):
    hours = pd.date_range("2024-10-27", periods=6, freq="h", tz="Europe/Berlin")
    path = tmp_path / "berlin.csv"
    pd.DataFrame({"x": range(6)}, index=hours).to_csv(path, index_label="t")
    frame = forecasting.read_series(path)
    assert frame.index.equals(hours.tz_convert("UTC").as_unit("us"))
    assert frame["x"].tolist() == list(range(6))
    assert capsys.readouterr().out == (
        'read_series("berlin.csv"): the times are in UTC.\n'
    )


def test_one_year_too_far_makes_no_file_of_gaps(tmp_path):
    days = [*pd.date_range("2024-01-01", periods=30), pd.Timestamp("2042-01-31")]
    path = write_times(tmp_path, days)
    reason = message(ValueError, forecasting.read_series, path)
    assert "2042-01-31 00:00:00 comes 6576 days 00:00:00 after 2024-01-30" in reason


SORT = 'frame.sort_index(kind="stable")'


@pytest.mark.parametrize(
    ("times", "mend", "expected"),
    [
        (["2024-01-06", "2024-01-05", "2024-01-07"], SORT, "D"),
        (["2024-01-05", "2024-01-04 16:00", "2024-01-05 08:00:00"], SORT, "8h"),
        (["2024-01-05T00:00:00.5", "2024-01-05", "20240105T000001"], SORT, "500ms"),
        (["20240106", "20240105", "20240107"], SORT, "D"),
        (["2024/1/6", "2024/1/5", "2024/1/7"], SORT, "D"),
        (["2024.01.06T05", "2024.01.06T04", "2024.01.06T06"], SORT, "h"),
        (["2024-9", "2024-10", "2024-08"], SORT, "MS"),
        (["2024-09", "2024-08", "2024-07"], SORT, "MS"),
        (["2006", "2005", "2004"], SORT, "YS-JAN"),
        (["13/01/2024", "12/01/2024", "14/01/2024"], SORT, "D"),
        (["01/13/2024", "01/12/2024", "01/14/2024"], SORT, "D"),
        (["31.3.2024 9:00", "31.3.2024 10:00", "31.3.2024 8:00"], SORT, "h"),
        (["2024-01-05 09:00Z", "2024-01-05 08:00Z", "2024-01-05 10:00Z"], SORT, "h"),
        (
            ["2024-01-05T09+01:00", "2024-01-05T08+01:00", "2024-01-05T10+01:00"],
            SORT,
            "h",
        ),
        (
            ["2024-10-27T02+01:00", "2024-10-27T02+02:00", "2024-10-27T03+01:00"],
            SORT,
            "h",
        ),
        (
            ["27.10.2024 02+01:00", "27.10.2024 02+02:00", "27.10.2024 03+01:00"],
            SORT,
            "h",
        ),
        (["2024-01-03", "2024-01-04", "2024-01-05"], 'frame.asfreq("D")', "D"),
        (["2024-01-03", "2024-01-04", "2024-01-05"], 'frame.asfreq("B")', "B"),
        (["29.02.2024", "30.04.2024", "31.05.2024"], 'frame.asfreq("ME")', "ME"),
        (
            ["2001-01-01", "2002-01-01", "2003-01-01"],
            'frame.asfreq("BYS-JAN")',
            "BYS-JAN",
        ),
        (
            ["2004", "2005", "2005", "2006"],
            "frame[~frame.index.duplicated()]",
            "YS-JAN",
        ),
        (
            ["2024-01-14", "2024-02-15", "2024-03-15"],
            'frame.resample("MS").mean()',
            "MS",
        ),
        (
            ["2024-10-27 02:00", "2024-10-27 02:30"] * 2,
            'frame.tz_localize("Europe/Berlin", ambiguous="infer")',
            "30min",
        ),
    ],
)
def test_what_cannot_be_read_can_be_mended_as_a_frame(tmp_path, times, mend, expected):
    path = write_times(tmp_path, times)
    reason = message(ValueError, forecasting.read_series, path)
    assert mend in reason
    names = {"pd": pd, "path": path}
    exec(reason[reason.index("frame = pd.read_csv") :].rstrip("."), names)
    mended = eval(mend, names)
    assert forecasting.frequency(mended.index).freqstr == expected
    assert mended["x"].count() == (4 if "tz_localize" in mend else 3)


@pytest.mark.parametrize(
    ("text", "number", "expected"),
    [
        ("day;sales\n2024-01-05;1,5\n2024-01-06;2,5\n2024-01-07;3,5\n", 0, 1.5),
        ("day;sales;x\n2024-01-05;1,5;2\n2024-01-06;2,5;2\n2024-01-07;3,5;2\n", 0, 1.5),
        ("day\tsales\n2024-01-05\t1.5\n2024-01-06\t2.5\n2024-01-07\t3.5\n", 0, 1.5),
        ('day,sales\n2024-01-05,"1,500"\n2024-01-06,5\n2024-01-07,\n', 0, 1500),
        ('day,sales\n2024-01-05,"1,500"\n2024-01-06,5\n2024-01-07,\n', 1, 1.5),
        ("day,sales\n05/01/2024,1.5\n06/01/2024,5\n07/01/2024,\n", 0, 1.5),
    ],
)
def test_a_file_can_be_rewritten_as_the_error_says(
    tmp_path, monkeypatch, text, number, expected
):
    path = write(tmp_path, text)
    reason = message(ValueError, forecasting.read_series, path)
    monkeypatch.chdir(tmp_path)
    fix = re.findall(r"pd\.read_csv.*?index=False\)", reason)[number]
    eval(fix, {"pd": pd, "path": path})
    frame = forecasting.read_series("new.csv", columns="sales")
    assert frame.index.equals(pd.date_range("2024-01-05", periods=3, unit="us"))
    assert frame["sales"].iloc[0] == expected


def test_a_word_in_a_rewritten_file_is_no_gap(tmp_path, monkeypatch):
    path = write(tmp_path, "day;sales\n2024-01-05;1,5\n2024-01-06;NA\n2024-01-07;2\n")
    reason = message(ValueError, forecasting.read_series, path)
    monkeypatch.chdir(tmp_path)
    eval(re.search(r"pd\.read_csv.*index=False\)", reason)[0], {"pd": pd, "path": path})
    assert "not numbers" in message(ValueError, forecasting.read_series, "new.csv")


def test_a_frame_whose_times_had_no_name_is_written_as_the_error_says(tmp_path):
    days = pd.date_range("2024-01-05", periods=3, unit="us")
    frame = pd.DataFrame({"x": 1.0}, days)
    path = tmp_path / "sales.csv"
    frame.to_csv(path)
    reason = message(ValueError, forecasting.read_series, path)
    eval(re.search(r"frame\.to_csv\(.*?\)", reason)[0], {"frame": frame, "path": path})
    assert forecasting.read_series(path).index.equals(frame.index)


THREE = ["2024-01-05,1", "2024-01-06,2", "2024-01-07,3"]


@pytest.mark.parametrize(
    ("bad", "good", "options"),
    [
        (THREE, ["t,x", *THREE], {}),
        (["t,", *THREE], ["t,x", *THREE], {}),
        (["t,t", *THREE], ["t,x", *THREE], {}),
        (["t", *THREE], ["t,x", *THREE], {}),
        (["t,x", *THREE[:2]], ["t,x", *THREE], {}),
        (["t,x", "2024-01-05,n/a", *THREE[1:]], ["t,x", "2024-01-05,", *THREE[1:]], {}),
        (
            ["t,x", "2024-01-05,1,5", *THREE[1:]],
            ["t,x", "2024-01-05,1.5", *THREE[1:]],
            {},
        ),
        (["t,x", "2024-01-05", *THREE[1:]], ["t,x", "2024-01-05,", *THREE[1:]], {}),
        (
            ["t,x", "5 January,1", *THREE[1:]],
            ["t,x", "2024-01-05 00:00,1", *THREE[1:]],
            {},
        ),
        (
            ["t,x", '2024-01-05,"1', *THREE[1:]],
            ["t,x", '2024-01-05,"1"', *THREE[1:]],
            {},
        ),
        (
            ["word,t,x", *["a," + row for row in THREE]],
            None,
            {"time": "t", "columns": "x"},
        ),
        (["t,x,word", *[row + ",a" for row in THREE]], None, {"columns": ["x"]}),
    ],
)
def test_the_change_that_an_error_asks_for_is_enough(tmp_path, bad, good, options):
    path = write(tmp_path, "\n".join(bad))
    message(ValueError, forecasting.read_series, path)
    path = write(tmp_path, "\n".join(good or bad))
    assert len(forecasting.read_series(path, **options)) == 3


@pytest.mark.parametrize(
    "text",
    [
        "t,x\n2024-01-01 05:00,1\n2024-01-01 06:00,\n2024-01-01 07:00,nan\n",
        "t,x\r\n13.01.2024,-1.5e3\r\n14.01.2024,.5\r\n15.01.2024,+2.\r\n",
        '"t","x"\n"2024-01-05","1"\n"2024-01-06",2\n2024-01-07,"3"',
        "\ufefft,weather,x\n2024-01-06,wet,1\n2024-01-07,,2\n2024-01-08,nan,3\n",
        "t,x\n2024-10-27T02:00+02:00,1\n2024-10-27T02:00+01:00,2\n"
        "2024-10-27T03:00+01:00,3\n",
    ],
    ids=["gaps", "days first", "quotes", "text beside", "offsets"],
)
def test_a_plain_file_needs_no_look_at_each_cell(tmp_path, monkeypatch, text):
    path = write(tmp_path, text)
    (tmp_path / "odd").mkdir()
    odd = write(tmp_path / "odd", text + "\n\n")  # an empty line: not plain any more
    cell_by_cell = forecasting.read_series(odd, time="t", columns="x")
    monkeypatch.setattr("simple_lstm.forecasting._reading._cell_by_cell", None)
    quickly = forecasting.read_series(path, time="t", columns="x")
    pd.testing.assert_frame_equal(quickly, cell_by_cell, check_exact=True)
    with pytest.raises(TypeError):
        forecasting.read_series(odd, time="t", columns="x")


def test_digits_that_decide_the_last_bit_are_read_the_same_way_in_any_file(tmp_path):
    random = np.random.default_rng(0)
    column = random.normal(size=3000) * 10.0 ** random.integers(-30, 30, 3000)
    index = pd.date_range("2024-01-01", periods=3000, freq="h", name="t")
    frame = pd.DataFrame({"x": column}, index)
    frame.to_csv(tmp_path / "plain.csv")
    read = forecasting.read_series(tmp_path / "plain.csv")
    assert read["x"].tolist() == column.tolist()


def test_three_centuries_of_years_are_one_series(tmp_path):
    rows = "".join(f"{year},{year}\n" for year in range(1700, 2025))
    frame = forecasting.read_series(write(tmp_path, "year,x\n" + rows))
    assert frame["x"].tolist() == list(range(1700, 2025))


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (["2024-01-01 05:00", "2024-01-01 06:00", "2024-01-01 08:00"], "h"),
        (["2024-02-28", "2024-02-29", "2024-03-02"], "D"),
        (["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-13"], "B"),
        (["2024-01-03", "2024-01-10", "2024-01-24"], "7D"),
        (["2024-01", "2024-02", "2024-04"], "MS"),
        (["31.08.2024", "30.09.2024", "30.11.2024"], "ME"),
        (["2025-02-01", "2025-05-01", "2025-11-01"], "QS-FEB"),
        (["2024-01-31", "2024-02-29", "2024-03-29", "2024-05-31"], "BME"),
        (["2024-05-01", "2024-06-03", "2024-08-01"], "BMS"),
        (["2023-10-02", "2024-01-01", "2024-07-01"], "BQS-OCT"),
        (["2022-01-03", "2023-01-02", "2025-01-01"], "BYS-JAN"),
        (["2024-01-15", "2024-01-31", "2024-02-29"], "SME-15"),
        (["2024-01-01", "2024-01-16", "2024-02-16"], "SMS-16"),
        (["2024-03-31", "2024-06-30", "2024-12-31"], "QE-MAR"),
        (["2001", "2002", "2004"], "YS-JAN"),
        (["2001-06-30", "2002-06-30", "2004-06-30"], "YE-JUN"),
    ],
)
def test_the_step_is_found_and_a_missing_one_becomes_a_gap(tmp_path, times, step):
    frame = forecasting.read_series(write_times(tmp_path, times))
    assert frame.index.freqstr == step
    assert frame["x"].tolist()[:-2] == [1] * (len(times) - 1)
    assert frame["x"].isna().tolist()[-2:] == [True, False]


@pytest.mark.parametrize(
    "times",
    [
        ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00:01"],
        ["2024-01-01", "2024-01-02", "2024-01-03 12:00"],
        ["2024-03-08", "2024-03-09", "2024-03-11", "2024-03-12 01:00"],
        ["2024-01-01", "2024-01-08", "2024-01-16"],
        ["2024-01-15", "2024-02-15", "2024-03-15"],
        ["2024-01-01", "2024-04-01", "2024-06-30"],
        ["2001-01-01", "2002-01-01", "2003-01-02"],
    ],
)
def test_an_odd_step_is_refused(tmp_path, times):
    path = write_times(tmp_path, times)
    assert "not evenly spaced" in message(ValueError, forecasting.read_series, path)


# Any file -------------------------------------------------------------------------

SHORT_STEPS = ["us", "s", "17min", "h"]
STEPS = [*SHORT_STEPS, "D", "B", "7D", "MS", "ME", "QS-FEB", "QE", "YS", "YE-JUN"]
CLOCKS = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"]
CLOCKS += ["%Y%m%dT%H%M", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y %H:%M"]
DAYS = ["%Y-%m-%d", "%Y%m%d", "%d.%m.%Y", "%d-%m-%Y", "%m/%d/%Y", "%Y-%m", "%Y"]
OFFSETS = {"": 0, "Z": 0, "+01:00": 60, "-0330": -210, " +0530": 330}
NAMES = ["t", "x", "sales (€)", " x", "1", "a,b", 'q"q', "l\nm", "Unnamed: 0", "None"]
NOT_NUMBERS = ["n/a", "1,234", "12 kg", "1e999", "-inf", "True", "٣", "1_000", "0x10"]
NOT_NUMBERS += ["1 000", "1\x002", "1\n2", "NULL", "--1", "1e", "1.2.3", "½", '"', ";"]
NOT_TIMES = ["", "NaT", "now", "today", "0000-00-00", "0001-01-01", "9999-12-31", "x"]
NOT_TIMES += ["1704067200", "2024-02-30", "24/01/05", "31.02.2024", "12:00", "1.5"]
BYTES = [bytes([code]) for code in b'",;\t\n\r\0 9-\xe9\xff']
ASKED = [*NAMES, "y" * 999, 5, 1.5, True, b"x", {"x": 1}, pd.Index(["x"]), ("t", "x")]
ASKED += [[], ["x"], ["x", "x"], [None], ["x", 3], [["x"]], np.array([["x"]])]
FIX = "give|write|name|save|put|bring|sort|keep|here frame|if commas|the columns are"

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(lambda x: (repr(x), x)),
    st.integers(-1000, 1000).map(lambda x: (str(x), x)),
    st.sampled_from([("", math.nan), ("nan", math.nan), ("  ", math.nan)]),
    st.sampled_from([(" 7 ", 7), ("+1.", 1), (".5", 0.5), ("-0", -0.0), ("1E3", 1e3)]),
)
# A lone "\r" ends a line, so the writer leaves the line feed in a name without quotes.
quotes = [("\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_MINIMAL)]
quotes += [("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)]
ways = st.sampled_from(
    list(product(quotes, [[], [""]], [1, 4, 20], ["utf-8", "utf-8-sig"]))
)
asked = st.fixed_dictionaries(
    {}, optional={"time": st.sampled_from(ASKED), "columns": st.sampled_from(ASKED)}
)


def many(examples):
    return settings(
        deadline=None,
        derandomize=True,
        max_examples=examples,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


@dataclass
class Series:
    """The lines of a file, times first, and what they say."""

    lines: list[list[str]]
    times: list[dt.datetime]
    numbers: dict[str, list[float]]
    readable: bool  # neither ambiguous nor more gaps than steps


@st.composite
def series(draw):
    """Evenly spaced times but for some left out, and columns of numbers."""
    step = draw(st.sampled_from(STEPS))
    start = draw(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)))
    if step not in SHORT_STEPS:
        start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    elif draw(st.booleans()):
        start = start.replace(second=0, microsecond=0)
    every = pd.date_range(start, periods=draw(st.integers(3, 10)), freq=step)
    gaps = draw(st.sets(st.integers(1, len(every) - 2), max_size=len(every) // 3))
    local = every.delete(list(gaps)).to_pydatetime().tolist()
    form = draw(st.sampled_from([f for f in CLOCKS + DAYS if fits(f, local)]))
    offset = draw(st.sampled_from(list(OFFSETS))) if form in CLOCKS else ""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True))
    column = st.lists(numbers, min_size=len(local), max_size=len(local))
    columns = [draw(column) for _ in names[1:]]
    texts = [time.strftime(form) + offset for time in local]
    cells = [[text for text, _ in column] for column in columns]
    usual = min(multimode(after - before for before, after in pairwise(local)))
    enough = len(local) > 2 and (usual.days >= 28 or usual == min(every.diff()[1:]))
    if step in ("D", "B"):
        clear = any(pd.date_range(every[0], every[-1]).day_of_week > 4)
    else:
        clear = any(time.weekday() > 4 for time in local) or step in SHORT_STEPS
    clear = clear or step == "7D" or form in ("%Y", "%Y-%m")
    return Series(
        lines=[names, *map(list, zip(texts, *cells, strict=True))],
        times=[time - dt.timedelta(minutes=OFFSETS[offset]) for time in local],
        numbers={
            name: [float(number) for _, number in column]
            for name, column in zip(names[1:], columns, strict=True)
        },
        readable=enough and clear and not ambiguous(form, local),
    )


def fits(form, times):
    return all(
        dt.datetime.strptime(time.strftime(form), form) == time for time in times
    )


def ambiguous(form, times):
    """Whether days can be months in every line, and are not the same in all."""
    days_and_months = {(time.day, time.month) for time in times}
    return (
        not form.startswith("%Y")
        and all(day <= 12 for day, _ in days_and_months)
        and any(day != month for day, month in days_and_months)
    )


def as_file(lines, quotes, end, blank, encoding):
    """The bytes of a file with these cells, written in one of the ways there are."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=quotes[0], quoting=quotes[1])
    for number, cells in enumerate(lines, 1):
        writer.writerow([*cells, *end])
        if number % blank == 0:
            writer.writerow([])
    return file.getvalue().encode(encoding)


def read(folder, content, **options):
    """A frame, if it is a proper one; None for one clear error."""
    path = folder / "any.csv"
    path.write_bytes(content)
    try:
        frame = forecasting.read_series(path, **options)
    except ValueError as error:
        check_error(error)
        return None
    index = frame.index
    steps = pd.date_range(index[0], index[-1], freq=index.freq, unit=index.unit)
    assert index.equals(steps)
    assert len(frame.columns)
    assert set(frame.dtypes) == {np.dtype(float)}
    return frame


def check_error(error):
    """It is ours: one line that names the file and ends with a fix."""
    reason = str(error)
    assert type(error) is ValueError
    assert reason.startswith('read_series("any.csv"): ')
    assert len(reason.splitlines()) == 1
    assert len(reason) < 3000
    assert re.search(rf"[.;] ({FIX}) ", reason, re.IGNORECASE)
    assert error.__context__ is None or error.__suppress_context__


def check_content(frame, written, names):
    """Every number stands at its time, and there is nothing else."""
    index = frame.index.tz_convert("UTC") if frame.index.tz else frame.index
    times = index.tz_localize(None).to_pydatetime().tolist()
    assert set(written.times) <= set(times)
    assert list(frame) == names
    for name in names:
        numbers = dict(zip(written.times, written.numbers[name], strict=True))
        expected = [numbers.get(time, math.nan) for time in times]
        assert list(map(repr, frame[name].tolist())) == list(map(repr, expected))


@given(st.data(), series())
@many(300)
def test_every_number_stands_at_its_time(tmp_path, data, written):
    time, *names = written.lines[0]
    for _ in range(2):
        some = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        turn = data.draw(st.integers(0, len(names)))
        lines = [[*line[turn:], *line[:turn]] for line in written.lines]
        content = as_file(lines, *data.draw(ways))
        frame = read(tmp_path, content, time=time, columns=some)
        assert frame is not None or not written.readable
        if frame is not None:
            check_content(frame, written, some)


@given(st.data(), series(), ways)
@many(150)
def test_no_damage_goes_unnoticed(tmp_path, data, written, way):
    names, *lines = written.lines
    row = data.draw(st.integers(1, len(lines) - 1))
    column = data.draw(st.integers(1, len(names) - 1))
    cells, before, after = lines[row], lines[:row], lines[row + 1 :]
    no_number, no_time = cells.copy(), ["1"] * len(names)
    no_number[column] = data.draw(st.sampled_from(NOT_NUMBERS))
    no_time[0] = data.draw(st.sampled_from(NOT_TIMES))
    doubled = [*names[:column], names[column - 1], *names[column + 1 :]]
    for damaged in [
        [names, *before, no_number, *after],
        [names, *before, no_time, *after],
        [names, *before, [*cells, "9"], *after],
        [names, *before, cells, cells, *after],
        [names, *before[:-1], cells, before[-1], *after],
        [doubled, *lines],
        lines,
    ]:
        assert read(tmp_path, as_file(damaged, *way)) is None


@given(st.data(), asked)
@many(600)
def test_any_bytes_give_a_frame_or_one_clear_error(tmp_path, data, options):
    whole = st.builds(lambda written, way: as_file(written.lines, *way), series(), ways)
    content = data.draw(st.one_of(st.binary(), st.text().map(str.encode), whole, whole))
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(content)))
        end = place + data.draw(st.integers(0, 2))
        new = b"".join(data.draw(st.lists(st.sampled_from(BYTES), max_size=2)))
        content = content[:place] + new + content[end:]
    frame = read(tmp_path, content, **options)
    if frame is not None:
        cells = re.split(r'[,\r\n"]', content.decode("utf-8-sig"))
        for name in frame:
            numbers = frame[name].dropna()
            assert len(numbers) <= len(content.splitlines())
            assert all(
                any(is_number(cell, number) for cell in cells) for number in numbers
            )


def is_number(cell, number):
    try:
        return float(cell) == number
    except ValueError:
        return False


@given(
    st.sampled_from(STEPS),
    st.sampled_from([None, "UTC"]),
    st.lists(st.floats(allow_infinity=False), min_size=8, max_size=15),
)
@many(200)
def test_what_a_frame_writes_is_read_again(tmp_path, step, zone, column):
    index = pd.date_range(
        "2024-01-01", periods=len(column), freq=step, tz=zone, name="t", unit="us"
    )
    frame = pd.DataFrame({"x": column, "1": column[::-1]}, index=index)
    pd.testing.assert_frame_equal(
        read(tmp_path, frame.to_csv().encode()),
        frame,
        check_exact=True,
        check_freq=False,
    )
