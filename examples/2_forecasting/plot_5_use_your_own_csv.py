"""
How do I forecast my own CSV file?
==================================

You start from a file as files are: text among the numbers, rows out of order, duplicate
timestamps, gaps. For each problem you read the error and fix it. Then you train an
LSTM, see whether it is worth having, and write the forecast, with its dates, to a new
file. The page takes 15 to 40 seconds on a laptop. **For your own data, change the line
that begins with** ``path =``.
"""

# %%
import tempfile
from pathlib import Path
from textwrap import fill

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from simple_lstm import diagnostics, evaluation, forecasting, plots

# %%
# Settings
# --------
# What to set for days or months stands at the end of the page.

STEP = "h"  # the time step of the forecast: "h" hours, "D" days, "MS" months
SEASON = 7 * 24  # steps until the series repeats
LOOKBACK, HORIZON = 24, 24  # steps that the model sees, and that it forecasts
GAP_LIMIT = 3  # steps for which a missing value may be filled
STRIDE = 5  # steps between training windows; no factor in common with a day
UNITS = 32  # numbers in the memory of each LSTM
EPOCHS, PATIENCE, SEED = 20, 6, 0  # passes at most, and without progress; repeatable
UNIT = "per half hour"  # of the numbers in the file
plt.style.use("simple_lstm.simple_lstm")
plt.rcParams["text.parse_math"] = False  # show dollar signs as they are

# %%
# A file as files are
# -------------------
# This is a made-up café, counted every half an hour for 200 days, by people who do not
# know that you will forecast. In your own run the function does not matter: put the
# path of your file into the next line.


def write_example(path):
    """A café with days, weeks and moods, and all the usual faults."""
    random = np.random.default_rng(SEED)
    times = pd.date_range("2024-01-01", periods=200 * 48, freq="30min", name="time")
    day = np.clip(np.sin(np.pi * (times.hour + times.minute / 60 - 7) / 12), 0, None)
    week = np.array([30, 30, 33, 36, 48, 66, 54])[times.day_of_week]
    mood = pd.Series(random.normal(0, 5, len(times))).ewm(halflife=72).mean()
    visitors = random.poisson(day * week * np.exp(mood))
    table = pd.DataFrame({"time": times, "visitors": visitors}).astype(str)
    table.loc[random.choice(len(table), 40), "visitors"] = "n/a"
    table.loc[500, "time"] = "2024-01-11 10:07:00"
    counted_again = table.sample(30, random_state=SEED).replace("0", "1")
    table = table.drop(index=[*range(4000, 4020), *range(7000, 7010)])
    pd.concat([table, counted_again]).to_csv(path, index=False)


# %%
folder = tempfile.TemporaryDirectory()
example = Path(folder.name, "cafe.csv")
write_example(example)

# %%
path = example

print(path.read_text(encoding="utf-8", errors="replace")[:120])

# %%
# Problem 1: text among the numbers
# ---------------------------------
# ``read_series`` guesses nothing. What is not a number or a time stops it, and it names
# the row, counted as in a spreadsheet.


def attempt(function, *arguments):
    """Give what it returns; where it refuses, show the error and give None."""
    try:
        answer = function(*arguments)
    except ValueError as error:
        print(fill(str(error), 76))
        return None
    print("Nothing to fix here.")
    return answer


good = attempt(forecasting.read_series, path)

# %%
# Look at what it is before you throw it away. Here ``n/a`` means that nobody counted,
# so it becomes a gap. If your file says ``closed`` and means zero, write a zero.
# (Without ``keep_default_na=False``, pandas makes ``n/a``, ``NA``, ``None`` and a dozen
# other words into gaps without telling you. If your days come first, as in
# ``31.01.2024``, add ``"dayfirst": True`` to the options.)

options = {"keep_default_na": False, "na_values": [""], "parse_dates": True}
table = pd.read_csv(path, index_col=0, **options) if good is None else good
column = table.columns[0]
numbers = pd.to_numeric(table[column], errors="coerce")
texts = table[column][numbers.isna() & table[column].notna()]
print(texts.value_counts().to_string() if len(texts) else "only numbers")
series = numbers.to_frame()

# %%
# Problems 2 and 3: out of order, and twice
# -----------------------------------------
# From here on you have a frame, and ``frequency`` says what is wrong with its times.

attempt(forecasting.frequency, series.index)

# %%
series = series.sort_index(kind="stable")  # keeps the order of rows of the same time
attempt(forecasting.frequency, series.index)

# %%
# Two rows for one time: which one is right? If they are equal it does not matter. If
# not, ask whoever wrote the file; here the later row counts as a correction. (In local
# time, one hour in autumn comes twice and both are right. Write such times in UTC.)

twice = series[series.index.duplicated(keep=False)]
differ = twice.groupby(level=0)[column].apply(lambda rows: len(set(rows)) > 1).sum()
print(f"{twice.index.nunique()} duplicate timestamps, {differ} with other values")
series = series[~series.index.duplicated(keep="last")]

# %%
# Problem 4: uneven times, and another frequency
# ----------------------------------------------

attempt(forecasting.frequency, series.index)

# %%
# A window counts rows, not minutes, so the rows must be evenly spaced. ``resample``
# brings them to the step that you want to forecast. The mean keeps the unit; to count
# visitors of an hour, take ``.sum(min_count=2)``, which leaves a gap where half of the
# hour is missing.

series = series.resample(STEP).mean()
attempt(forecasting.frequency, series.index)
print(f"{len(series):,} rows, {int(series[column].isna().sum())} of them are gaps")

# %%
# Problem 5: gaps
# ---------------
# Short ones are filled with the last value, which uses the past alone. What is longer
# stays a gap: windows that touch it are dropped, and counted.

series = forecasting.fill_gaps(series, limit=GAP_LIMIT)
fig, ax = plt.subplots()
ax.plot(series[column].tail(2 * SEASON))
ax.set(title="Two seasons of the mended series", ylabel=f"{column} ({UNIT})")
ax.set_xlabel("time")

# %%
# Keep the mended series as a file of its own. Reading it back is the proof that nothing
# is wrong with it any more.

clean = Path(folder.name, "clean.csv")
series.to_csv(clean, index_label="time")
again = forecasting.read_series(clean)
same = np.allclose(again[column], series[column], equal_nan=True)
evaluation.claim("the mended file is read without an error, and is the same", same)

# %%
# Split, prepare, train
# ---------------------
# As in :doc:`/gallery/2_forecasting/plot_1_forecast_traffic`: as
# :term:`future covariates <future covariate>` the model gets the calendar and a typical
# season (the seasonal median of the last four), and learns to correct the latter.

split = forecasting.time_split(series)
print(split)


def prepared(series):
    """The series with one column more, and its future covariates."""
    covariates = forecasting.calendar_features(series.index, ahead=HORIZON)
    covariates = covariates.drop(columns=["year_sin", "year_cos"])  # too short for them
    typical = forecasting.seasonal_median_covariate(
        series[column], HORIZON, period=SEASON
    )
    covariates["typical"] = typical
    return series.assign(difference=series[column] - typical), covariates


inputs, covariates = prepared(series)

# %%
train, validation, test = forecasting.make_windows(
    inputs,
    LOOKBACK,
    HORIZON,
    split=split,
    future_covariates=covariates,
    stride=STRIDE,  # of the training windows; the others start in every row
    batch_size=32,
)
print(train)

# %%
# ``diagnose`` checks the model and some of the data before training.

model = forecasting.forecaster(train, units=UNITS, residual_of="typical", seed=SEED)
keep_best = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
diagnostics.diagnose(model, train, validation)
history = model.fit(
    train.shuffled(seed=SEED),
    validation_data=validation,
    epochs=EPOCHS,
    callbacks=[keep_best],
)
plots.history(history, metric="mae", unit=UNIT)

# %%
# Is it worth having?
# -------------------
# The rivals: the naive forecast (the last value), the seasonal naive one (the last
# season), the seasonal median, and two models that get the same inputs.

simple = {
    "last value": forecasting.naive(test),
    "last season": forecasting.seasonal_naive(test, period=SEASON),
    "typical season": forecasting.seasonal_median(test, period=SEASON),
    "ridge regression": forecasting.ridge(train, test),
    "gradient boosting": forecasting.gradient_boosting(
        train, test, residual_of="typical"
    ),
}

# %%
lstm = {"LSTM": model.predict(test)}
board = evaluation.Scoreboard(
    test.targets, lstm, baselines=simple, metric="MAE", unit=UNIT
)
print(board)
plots.scoreboard(board)
near = board.skills["LSTM"] > -0.05
rival = board.best_baseline
evaluation.claim(f"the LSTM beats {rival}, or is less than 5 % behind", near)
print(f"Lowest error: {board.best}. Start with that.")

# %%
# Bars that end left of the dashed line beat the best baseline. Here the LSTM and
# gradient boosting are too close for one run to tell which is better: with another
# ``SEED``, which also makes another café, it can be the other one. If a baseline is
# clearly ahead on your data, use it: a typical season costs nothing, ridge regression
# next to nothing. Where the series has a trend, expect ridge regression to win: the
# typical season comes from the past, and an LSTM or trees that correct it do not follow
# far beyond what they have seen.
#
# Forecast, with dates
# --------------------
# What comes after the last row of the file:

coming = forecasting.forecast(model, inputs, future_covariates=covariates)
print(coming.iloc[6:12].round(1))
usual = covariates["typical"][coming.index]
lines = {"LSTM": coming["forecast"], "typical season": usual}
last_days, title = series[column].tail(3 * HORIZON), "After the last row of the file"
plots.forecast(last_days, lines, unit=UNIT, title=title)

# %%
# Nobody told the model that there are no negative visitors. If your series cannot fall
# below zero, cut it off there. Then write it to a file.

coming = coming.clip(lower=0) if series[column].min() >= 0 else coming
result = Path(folder.name, "forecast.csv")
coming.round(1).to_csv(result, index_label="time")
print("\n".join(result.read_text(encoding="utf-8").splitlines()[:4]))
evaluation.claim(
    "the file has a row for each step", len(pd.read_csv(result)) == HORIZON
)

# %%
# Save the model, and use it next week
# ------------------------------------
# The program that runs each morning does not train. It loads the model, reads the file,
# mends and prepares it in the same way. Here the file ends three horizons earlier, so
# that the answer can be checked against what came.

file = Path(folder.name, "model.keras")
model.save(file)
loaded = keras.saving.load_model(file)
earlier, covariates_then = prepared(series.iloc[: -3 * HORIZON])
forecast = forecasting.forecast(loaded, earlier, future_covariates=covariates_then)
first = forecasting.forecast(model, earlier, future_covariates=covariates_then)
same = np.allclose(forecast, first, rtol=1e-5)
evaluation.claim("the loaded model gives the same forecast", same)
came = series[column][forecast.index]
lines, title = {"LSTM": forecast["forecast"]}, "From a file that ends earlier"
seen = earlier[column].tail(2 * HORIZON)
plots.forecast(seen, lines, y_true=came, unit=UNIT, title=title)

# %%
# Other frequencies
# -----------------
# Nothing above is about hours. Here is what the same calls make of 200 days in other
# steps. A calendar has no part that is shorter than one step: days have no hour.

longer = {"1 day": "D", "1 week": "W", "1 month": "MS"}
times = pd.date_range("2024-01-01", periods=200 * 24, freq="h")
hours = pd.Series(1.0, times, name="visitors")
frames = {name: hours.resample(step).mean() for name, step in longer.items()}
for name, frame in frames.items():
    parts = ", ".join(forecasting.calendar_features(frame.index))
    print(f"{name:<8} {len(frame):>4} rows  calendar: {parts}")

# %%
# Days work. Months do not: a file of half a year holds too few of them for any model,
# and the windows say so. And times without a step cannot be cut at all.

print(forecasting.make_windows(frames["1 day"], lookback=14, horizon=7), "\n")
attempt(forecasting.make_windows, frames["1 month"], 12, 3)
attempt(
    forecasting.make_windows, hours.sample(500, random_state=SEED).sort_index(), 24, 24
)

# %%
# Rules of thumb to begin with; no run of this page has tested them:
#
# - *Hours*: ``STEP = "h"``, ``SEASON = 7 * 24``, ``LOOKBACK = 24`` or ``48``. A year of
#   data is good, three months are little.
# - *Days*: ``STEP = "D"``, ``SEASON = 7``, ``LOOKBACK = 28``, ``HORIZON = 7``,
#   ``STRIDE = 1``. Three years are good. Keep ``year_sin`` and ``year_cos`` from two
#   years on.
# - *Months*: ``STEP = "MS"``, ``SEASON = 12``. Ten years are 120 rows: take the typical
#   season or ridge regression, and no LSTM.
# - *Working days*: ``SEASON = 5``, and ``series.asfreq("B")`` instead of ``resample``,
#   which would mix the weekend into Friday.
# - *Whenever something happens*: count or average it in even steps first.
#
# Make it yours
# -------------
# Put your file into the line that begins with ``path =``, for example
# ``path = Path("sales.csv")``: times in its first column, the numbers to forecast in
# the second. Then read on from "Problem 1" and keep the lines that you need. *Try:*
# ``GAP_LIMIT = 12``: no window is lost to a gap, but the model learns hours that never
# were.
#
# .. dropdown:: Why not interpolate the gaps?
#
#    A line from the value before a gap to the value after it knows the future. In the
#    test part that makes the error look smaller than it will be.
#
# .. dropdown:: Why are so many windows dropped?
#
#    The typical season is the median of four, so the first four seasons have none.
#    A window that touches them, or a gap that was not filled, cannot be used.
#
# Next: :doc:`/gallery/2_forecasting/plot_3_forecast_with_uncertainty` gives the
# forecast an interval. :doc:`/how-to/save_load_serve` puts the model behind a server.

folder.cleanup()
plt.show()
