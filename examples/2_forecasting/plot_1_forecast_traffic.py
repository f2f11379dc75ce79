"""
How much traffic will there be tomorrow?
========================================

You forecast the next 24 hours of traffic on a motorway from the last 48, hour by hour,
from two years of real counts. A plain LSTM turns out to be worse than common sense; one
that learns to *correct* common sense is better. The page takes 30 to 90 seconds on a
laptop. **For your own data, change the line that begins with** ``traffic =``.
"""

# %%
# Settings
# --------
# Every number you may want to change stands here.

import matplotlib.pyplot as plt

LOOKBACK = 48  # hours that the model sees
HORIZON = 24  # hours that it forecasts
WEEK = 7 * 24  # hours in the season that repeats
GAP_LIMIT = 3  # hours for which a missing value may be filled
STRIDE = 3  # hours from one training window to the next
UNITS = 32  # size of the LSTM's memory
EPOCHS = 10  # passes over the training windows, at most
LEARNING_RATE = 4e-3
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: look before you touch
# ---------------------------
# One row is one hour on Interstate 94 between Minneapolis and Saint Paul
# (`Hogue, 2019 <https://doi.org/10.24432/C5X60B>`_). ``read_series("my.csv")`` from the
# same package reads a file of your own into the same form.

from simple_lstm import datasets

traffic = datasets.load_traffic()[["vehicles"]]

fig, (year, fortnight) = plt.subplots(2, 1, figsize=(7, 5))
year.plot(traffic.resample("D").mean(), lw=1)
year.set(title="Two years, one value a day", ylabel="vehicles (vehicles/h)")
some_days = traffic.loc["2017-02-06":"2017-02-19", "vehicles"]
fortnight.plot(some_days)
for time in some_days.index[some_days.isna()]:
    fortnight.axvspan(time, time + traffic.index.freq, color="#D55E00", alpha=0.4)
fortnight.set(title="Two weeks; a gap is red", ylabel="vehicles (vehicles/h)")
plt.setp(fortnight.get_xticklabels(), rotation=20)
print(f"{int(traffic['vehicles'].isna().sum())} hours of {len(traffic):,} are missing.")

# %%
# Days look alike, weeks even more so, and the level drifts over the year. Hours without a
# count are gaps. A short gap is filled with the last value before it. That uses the
# past alone, as on the day of a forecast: a line drawn from both sides of a gap would
# know the future. What lies deeper in a gap than the limit stays missing.

from simple_lstm import preprocessing

series = preprocessing.fill_gaps(traffic, limit=GAP_LIMIT)

# %%
# Split first, in time
# --------------------
# The oldest rows train the model, the next ones say when to stop, and the latest are
# touched once, at the end. If you scale or fit anything before you split, it has seen the
# test span.

split = preprocessing.time_split(series)
print(split)

# %%
# Then prepare: what common sense knows
# -------------------------------------
# For Monday 8:00, common sense takes the **median of the last four Mondays at 8:00**: a
# typical week. It is known a week ahead, for hours that have not come yet too, and so
# is the calendar. The second column that the model will see is by how much each past
# hour differed from its typical value.

import numpy as np
import pandas as pd

from simple_lstm import baselines

rows = np.arange(4 * WEEK, len(series) + HORIZON)  # on beyond the last row
times = pd.date_range(series.index[0], periods=len(series) + HORIZON, freq="h")
typical = baselines.typical_season(series["vehicles"], rows, 1, period=WEEK)[:, 0]
known = preprocessing.calendar(times).drop(columns=["year_sin", "year_cos"])
known["typical"] = pd.Series(typical, index=times[rows])
series["difference"] = series["vehicles"] - known["typical"]

# %%
# A **window** is one example to learn from: some hours of past, and the hours that came
# next. A window belongs to the span that holds everything it has to forecast, so no
# training window reaches into a later span.


def windows(rows, stride=1, columns=("vehicles", "difference"), known=known):
    return preprocessing.make_windows(
        series[list(columns)],
        LOOKBACK,
        HORIZON,
        known_ahead=known,
        rows=rows,
        stride=stride,
    )


train, validation = windows(split.train, STRIDE), windows(split.validation, STRIDE)
print(train)

# %%
from simple_lstm import plots

plots.windows(train, number=1300, known="typical", unit="vehicles/h", step="hours")

# %%
# Left of zero is what the model sees, right of it what it has to say. The dashed line is
# the typical week, which it is told. Most of the work is done by it; what is left to
# learn is the space between the two lines.
#
# The model
# ---------
# One LSTM reads the past and hands its final state to a second one, which reads what
# is known of the hours to come. Its output, a correction, is added to the typical week.
# The scaling is part of the model: it takes vehicles per hour and answers in them.

import keras
from keras import layers

keras.utils.set_random_seed(SEED)
spread = float(train.targets.std())
past = keras.Input((LOOKBACK, len(train.columns)), name="inputs")
ahead = keras.Input((HORIZON, len(train.known_columns)), name="known")
scale_past, scale_ahead = layers.Normalization(), layers.Normalization()
scale_past.adapt(train.inputs)
scale_ahead.adapt(train.known)
_, hidden, cell = layers.LSTM(UNITS, return_state=True)(scale_past(past))
decoder = layers.LSTM(UNITS, return_sequences=True)
steps = decoder(scale_ahead(ahead), initial_state=[hidden, cell])

# %%
# The last layer starts from zeros, so that the untrained model *is* the typical week.
# Its loss is divided by the spread of the data: in raw units the gradients would be of
# another size for every data set.

correction = layers.Dense(1, kernel_initializer="zeros")(steps)
correction = layers.Rescaling(spread)(layers.Reshape([HORIZON])(correction))
guess = ahead[:, :, train.known_column("typical")]
model = keras.Model({"inputs": past, "known": ahead}, layers.Add()([guess, correction]))
model.compile(
    optimizer=keras.optimizers.Adam(LEARNING_RATE),
    loss="mae",
    loss_weights=[1 / spread],
    metrics=["mae"],
)
model.summary(line_length=80)

# %%
# Train
# -----
# ``fit`` is Keras' own ``model.fit`` with a seed and early stopping: when the validation
# loss has not fallen for three epochs, training stops and the best weights come back.

from simple_lstm import training

history = training.fit(model, train, validation=validation, epochs=EPOCHS, seed=SEED)
plots.history(history, metric="mae", unit="vehicles/h")
print(history)

# %%
# The two curves part after a few epochs: from there on the model learns its training
# windows by heart. The ring marks the weights that were kept.
#
# Is it any good?
# ---------------
# Beside it stand a **plain LSTM**, the same network without the typical week, and what a
# careful person would try first. Ridge regression and gradient boosting get the same
# inputs as the LSTM.

from simple_lstm import evaluation, models

test = windows(split.test)
plain_known = known.drop(columns="typical")
plain_train, plain_validation, plain_test = (
    windows(rows, stride, ["vehicles"], plain_known)
    for rows, stride in [(split.train, STRIDE), (split.validation, STRIDE), (split.test, 1)]
)
plain = models.forecaster(
    plain_train, units=UNITS, learning_rate=LEARNING_RATE, seed=SEED
)
training.fit(plain, plain_train, validation=plain_validation, epochs=EPOCHS, seed=SEED)

# %%
vehicles, starts = series["vehicles"], test.starts
forecasts = {
    "last value": baselines.repeat_last(vehicles, starts, HORIZON),
    "yesterday": baselines.repeat_season(vehicles, starts, HORIZON, period=24),
    "same hour last week": baselines.repeat_season(
        vehicles, starts, HORIZON, period=WEEK
    ),
    "typical week": baselines.typical_season(vehicles, starts, HORIZON, period=WEEK),
    "ridge regression": baselines.ridge(train, test),
    "gradient boosting": baselines.gradient_boosting(train, test, correct="typical"),
    "plain LSTM": plain.predict(plain_test.batches(512), verbose=0),
    "LSTM, correcting": model.predict(test.batches(512), verbose=0),
}

# %%
board = evaluation.Scoreboard(
    test.targets, metric="MAE", unit="vehicles/h", baseline="typical week"
)
for name, values in forecasts.items():
    board.add(name, values)
print(board)

# %%
plots.scoreboard(board)

# %%
# Bars that end left of the dashed line beat a typical week. The plain LSTM is among those
# that do not: it spends its training on what the calendar could have told it. Look at
# gradient boosting too, which corrects the same first guess: on tables like this one it
# is hard to beat, and always worth a try.

mae = board.scores
evaluation.claim(
    "the plain LSTM loses to a typical week", mae["plain LSTM"] > mae["typical week"]
)
evaluation.claim(
    "the correcting LSTM is at least 4 % below a typical week",
    mae["LSTM, correcting"] <= 0.96 * mae["typical week"],
)

# %%
# Look closer
# -----------
# A forecast that only repeats what it last saw looks fine in a plot, but comes too late:
# moved back, it fits the truth best. A lag of zero says that this one does not.

prediction = forecasts["LSTM, correcting"]
late = evaluation.lag(prediction, test.targets)
evaluation.claim("the forecast does not lag behind the truth", late == 0)

fig, ax = plt.subplots()
for name in ["same hour last week", "typical week", "LSTM, correcting"]:
    error = np.abs(forecasts[name] - test.targets).mean(axis=0)
    ax.plot(np.arange(1, HORIZON + 1), error, ".-", label=name)
ax.set(title="Error by hour ahead", xlabel="hours ahead", ylabel="MAE (vehicles/h)")
ax.set_ylim(0)
ax.legend()

# %%
# A typical week is as good for tomorrow as for the next hour. The LSTM gains most in the
# first hours, where the last hours it saw still matter, and keeps a part of it all day.
#
# Now the best and the worst day of the test span:

midnights = np.flatnonzero(series.index[starts].hour == 0)
errors = np.abs(prediction - test.targets)[midnights].mean(axis=1)
chosen = {"Best": midnights[errors.argmin()], "Worst": midnights[errors.argmax()]}
fig, axes = plt.subplots(2, 1, figsize=(7, 6.4), sharey=True)
for ax, (word, number) in zip(axes, chosen.items(), strict=True):
    start = starts[number]
    hours = series.index[start : start + HORIZON]
    drawn = {"LSTM, correcting": "LSTM, correcting", "typical week": "typical week"}
    drawn = {name: pd.Series(forecasts[name][number], hours) for name in drawn}
    truth, before = vehicles.loc[hours], vehicles.iloc[start - LOOKBACK : start]
    title = f"{word} day: {hours[0]:%A, %B %d, %Y}"
    plots.forecast(before, drawn, truth=truth, unit="vehicles/h", title=title, ax=ax)

# %%
from pandas.tseries.holiday import USFederalHolidayCalendar

holidays = USFederalHolidayCalendar().holidays()
worst_day = series.index[starts[chosen["Worst"]]]
evaluation.claim("the worst day is a public holiday", worst_day in holidays)

# %%
# On a holiday nobody drives to work. Neither four normal weeks nor the two days before
# tell the model, so it forecasts a morning rush that does not come.
#
# Use it: forecast what nobody knows yet
# --------------------------------------
# The 24 hours after the last row of the data, with their times:

columns = ["vehicles", "difference"]
tomorrow = models.forecast(model, series[columns], known_ahead=known)
plots.forecast(vehicles.tail(LOOKBACK), {"forecast": tomorrow["forecast"]}, unit="vehicles/h", title="The day after the last row")
print(tomorrow.round())
