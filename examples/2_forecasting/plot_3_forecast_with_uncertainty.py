"""
How sure is the forecast?
=========================

One number for tomorrow hides how wrong it may be. You train an LSTM that gives a
:term:`prediction interval` for each of the next 24 hours of traffic, calibrate it so
that nine of ten intervals hold the truth, and check on the test span that they do. The
page takes 20 to 60 seconds on a laptop. **For your own data, change the line that
begins with** ``traffic =``.
"""

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers, ops
from sklearn.metrics import mean_pinball_loss

from simple_lstm import datasets, diagnostics, evaluation, forecasting, plots

# %%
# Settings
# --------

LOOKBACK, HORIZON = 48, 24  # hours that the model sees, and that it forecasts
WEEK = 7 * 24  # hours in the season that repeats
QUANTILES = (0.05, 0.5, 0.95)  # of each hour: lower end, middle, upper end
LEVEL = 0.9  # the part of the truth that the intervals shall hold
UNITS = 24  # numbers in the memory of each LSTM
STRIDE = 5  # hours between training windows; no factor in common with a day
EPOCHS, PATIENCE = 10, 4  # passes over the data at most, and without any progress
RATE, SEED = 3e-3, 0  # the learning rate; what makes a run repeatable
UNIT = "vehicles/h"  # of the column that is forecast
plt.style.use("simple_lstm.simple_lstm")
plt.rcParams["text.parse_math"] = False  # show dollar signs as they are

# %%
# Data, and four parts instead of three
# -------------------------------------
# The data and the preparation are those of
# :doc:`/gallery/2_forecasting/plot_1_forecast_traffic`. The model sees the last two
# days, and as :term:`future covariates <future covariate>` it gets the calendar and a
# typical week, the median of the last four.

traffic = datasets.load_traffic()[["vehicles"]]

target = traffic.columns[0]
series = forecasting.fill_gaps(traffic, limit=3)
covariates = forecasting.calendar_features(series.index, ahead=HORIZON)
covariates = covariates.drop(columns=["year_sin", "year_cos"])
typical = forecasting.seasonal_median_covariate(series[target], HORIZON, period=WEEK)
covariates["typical"] = typical  # to a day after the last row, as the calendar
series["difference"] = series[target] - typical

# %%
# What is new is the **calibration** part. It has to show how wide the intervals must
# be, so it has to be rows that the model knows nothing of: neither trained on them, nor
# stopped by them. The later half of what would be the validation part is put aside.

split = forecasting.time_split(series)
middle = (split.validation.start + split.validation.stop) // 2
spans = {
    "train": (split.train, STRIDE),
    "validation": (slice(split.validation.start, middle), 1),
    "calibration": (slice(middle, split.validation.stop), 1),
    "test": (split.test, 1),
}
sizes = {"lookback": LOOKBACK, "horizon": HORIZON, "future_covariates": covariates}
train, validation, calibration, test = (
    forecasting.make_windows(series, rows=span, stride=stride, **sizes)
    for span, stride in spans.values()
)

# %%
fig, ax = plt.subplots(figsize=(6.4, 2.6))
colors = ["#b9bec4", "#56B4E9", "#E69F00", "#009E73"]
week = series[target].rolling(WEEK, min_periods=1).mean()
for (label, (span, _)), color in zip(spans.items(), colors, strict=True):
    ax.plot(week.iloc[span], color=color, lw=3, label=label)
ax.set(title="Four parts, one after the other", xlabel="time", ylim=0)
ax.set_ylabel(f"{UNIT}, mean of a week")
ax.legend(ncols=4, loc="lower center")

# %%
# The model: three answers for each hour
# --------------------------------------
# A :term:`quantile` is a value below which a given part of the truth falls. An LSTM
# learns the quantile 0.95 if being too low costs 19 times as much as being too high:
# that is the :term:`pinball loss`. Here it is for several quantiles at once.


def pinball(y_true, y_pred):
    """One loss for each window; shapes (batch, steps), (batch, steps, quantiles)."""
    levels = np.array(QUANTILES, dtype="float32")
    above = ops.expand_dims(y_true, -1) - y_pred  # by how much the truth is higher
    return ops.mean(ops.maximum(levels * above, (levels - 1) * above), axis=(1, 2))


errors = np.linspace(-1, 1, 201)  # truth minus forecast
fig, ax = plt.subplots()
for level in QUANTILES:
    ax.plot(errors, np.maximum(level * errors, (level - 1) * errors), label=f"{level}")
ax.set(title="What an error costs", xlabel="truth - forecast", ylabel="pinball loss")
ax.legend(title="quantile")

# %%
# For the middle quantile both sides cost the same: this is half the absolute error, and
# what is learned is the median. For 0.95 the line rises steeply where the truth is
# above the forecast, so the forecast moves up, until only one truth in twenty is.
#
# ``forecasting.forecaster`` builds the two LSTMs of the page on traffic with three
# outputs for each hour, and sorts them, so that they never cross. It is compiled here
# once more, with the loss that you have just read; ``forecaster`` has the same one
# inside.

model = forecasting.forecaster(
    train, units=UNITS, residual_of="typical", quantiles=QUANTILES, seed=SEED
)
spread = float(train.targets.std())
adam = keras.optimizers.Adam(RATE)
model.compile(adam, loss=pinball, loss_weights=[1 / spread], metrics=[pinball])
print("for each window:", model.output_shape[1:], "hours and quantiles")

# %%
# Train
# -----
# ``diagnose`` checks the model and some of the data before training.

keep_best = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
diagnostics.diagnose(model, train, validation)
history = model.fit(
    train.shuffled(seed=SEED),
    validation_data=validation,
    epochs=EPOCHS,
    callbacks=[keep_best],
)
plots.history(history, metric="pinball", unit=UNIT)

# %%
# Calibrate
# ---------
# Do nine of ten truths of the calibration part lie between the outer quantiles? Often
# they do not. A network that has learned its rows by heart gives intervals that are too
# narrow; one that meets a calmer season gives too wide ones. **Split**
# :term:`conformal calibration` mends both. It asks for each of these windows by which
# factor its interval would have to be stretched, from its middle, to reach the truth.
# Then it takes the factor that is enough for nine of ten. Each hour ahead has its own,
# and a factor below 1 makes the interval narrower. The part of the truth that lies in
# its interval is the :term:`coverage`.


def held(y_true, low, high):
    return (low <= y_true) & (y_true <= high)


learned = np.moveaxis(model.predict(calibration), -1, 0)  # lower, middle, upper
factor = forecasting.conformal_factor(calibration.targets, *learned, level=LEVEL)
before = held(calibration.targets, learned[0], learned[2]).mean()
print(f"before: {before:.1%} of the truth is in the intervals")
some = factor[[0, HORIZON // 2, -1]].round(2)
print("factor of the first hour, one in the middle, the last:", *some)

# %%
# The factors become part of the model: one more layer, of Keras alone. What is saved,
# loaded and asked later gives calibrated intervals, in vehicles per hour.

center = model.output[:, :, 1:2]
stretch = layers.Rescaling(factor[:, np.newaxis].tolist())
calibrated = keras.Model(model.input, center + stretch(model.output - center))

# %%
# Is it any good?
# ---------------
# First the promise, the coverage: nine of ten. Neither the model nor its calibration
# has seen these rows.

y_true, y_pred = test.targets, calibrated.predict(test)
raw = model.predict(test)
inside = {
    "as learned": held(y_true, raw[..., 0], raw[..., 2]),
    "calibrated": held(y_true, y_pred[..., 0], y_pred[..., 2]),
}
covered = inside["calibrated"].mean()
print(f"before calibration {inside['as learned'].mean():.1%}")
print(f"after calibration  {covered:.1%}")
near = abs(covered - LEVEL) < 0.03
evaluation.claim(f"intervals of {LEVEL:.0%} hold that part, give or take 3 %", near)
whole = inside["calibrated"].all(axis=1).mean()
print(f"windows in which all hours lie in their intervals: {whole:.1%}")
evaluation.claim("of whole windows far fewer are held", whole < covered - 0.2)

# %%
fig, ax = plt.subplots()
hours = np.arange(1, HORIZON + 1)
for label, values in inside.items():
    ax.plot(hours, 100 * values.mean(axis=0), "o-", ms=4, label=label)
ax.axhline(100 * LEVEL, color="#555555", ls="--", label="promised")
ax.set(title="How many intervals hold the truth?", xlabel="hours ahead")
ax.set(ylabel="coverage (%)", ylim=(100 * LEVEL - 15, min(100, 100 * LEVEL + 15)))
ax.legend(loc="lower right")

# %%
# The promise is made for each hour by itself, not for all hours of a day together. A
# public holiday may lie outside from morning to night. And it is made for times like
# those of the calibration part.
#
# A promise is easy to keep with intervals as wide as the road. So the second question
# is how *narrow* they are. The rivals are calibrated in the same way. The seasonal
# naive forecast (the same hour last week), the seasonal median (the typical week) and
# ridge regression have a fixed distance up and down, one for each hour ahead. Ridge
# regression and gradient boosting get the same inputs as the LSTM; gradient boosting
# learns the same two quantiles.

later = forecasting.make_windows(series, rows=slice(middle, None), **sizes)
in_calibration = np.isin(later.origins, calibration.origins)
in_test = np.isin(later.origins, test.origins)
boosted = [
    forecasting.gradient_boosting(train, later, residual_of="typical", quantile=level)
    for level in (QUANTILES[0], QUANTILES[-1])
]

# %%
point_forecasts = {
    "same hour last week": forecasting.seasonal_naive(later, period=WEEK),
    "typical week": forecasting.seasonal_median(later, period=WEEK),
    "ridge regression": forecasting.ridge(train, later),
}
rivals = {  # the factor does the rest
    name: (values - 1, values + 1) for name, values in point_forecasts.items()
}
rivals["gradient boosting"] = (np.minimum(*boosted), np.maximum(*boosted))

# %%
intervals = {}
for name, (low, high) in rivals.items():
    mid = (low + high) / 2
    bounds = [values[in_calibration] for values in (low, mid, high)]
    wider = forecasting.conformal_factor(calibration.targets, *bounds, level=LEVEL)
    ends = (mid + wider * (low - mid), mid + wider * (high - mid))
    intervals[name] = [end[in_test] for end in ends]
intervals["LSTM"] = [y_pred[..., 0], y_pred[..., 2]]


# %%
# Calibrated on spring and tested on summer, they do not all cover the same part. To
# compare the widths, each rival is stretched or shrunk once more, *in hindsight*, until
# it covers exactly as much as the LSTM. The pinball loss needs no such help: it charges
# for width and for each miss at once. Here it is the mean of both ends.


def judge(low, high):
    """What a set of intervals covers, how wide it is, and its pinball loss."""
    half = (high - low) / 2
    needed = np.abs(y_true - (low + high) / 2) / half
    ends = zip((low, high), (QUANTILES[0], QUANTILES[-1]), strict=True)
    return {
        "coverage (%)": 100 * held(y_true, low, high).mean(),
        "width": 2 * half.mean(),
        "width, same coverage": 2 * half.mean() * np.quantile(needed, covered),
        "pinball loss": np.mean(
            [mean_pinball_loss(y_true, end, alpha=level) for end, level in ends]
        ),
    }


table = pd.DataFrame({name: judge(*ends) for name, ends in intervals.items()}).T
print(table.round(1))

# %%
widths = table["width, same coverage"]
fig, ax = plt.subplots(figsize=(6.4, 2.6))
ax.barh(widths.index, widths, color=["#b9bec4"] * len(rivals) + ["#0072B2"])
ax.bar_label(ax.containers[0], fmt="%.0f", padding=4)
ax.invert_yaxis()
ax.margins(x=0.15)
ax.set(xlabel=f"mean width of an interval ({UNIT}), narrower is better")
ax.set_title(f"Intervals that all hold {covered:.1%} of the truth")

# %%
cost = table["pinball loss"]
cheaper = cost["LSTM"] < cost[list(point_forecasts)].min()
evaluation.claim("the pinball loss is below that of all fixed distances", cheaper)
boosting = cost.idxmin() == "gradient boosting"
evaluation.claim("the pinball loss of gradient boosting is the lowest", boosting)
near = cost["LSTM"] < 1.2 * cost["gradient boosting"]
evaluation.claim("that of the LSTM is less than a fifth above it", near)

# %%
# So on a table of this size try gradient boosting first. What the LSTM is still good
# for: one network gives all quantiles of all hours at once, and with its calibration it
# is one file. And see how near ridge regression and a typical week with fixed distances
# come in width: with another ``SEED`` they can be narrower. What the mean width does
# not show is whether an interval is wide at the right time:

rows = test.origins[:, np.newaxis] + np.arange(HORIZON)
clock = series.index.hour.to_numpy()[rows].ravel()
by_hour = pd.DataFrame(
    {name: (high - low).ravel() for name, (low, high) in intervals.items()}
)
by_hour = by_hour.groupby(clock).mean()[["LSTM", "typical week"]]
fig, ax = plt.subplots()
ax.plot(by_hour, "o-", ms=4, label=by_hour.columns)
ax.set(title="Width by the hour of the day", xlabel="hour of the day", ylim=0)
ax.set_ylabel(f"mean width ({UNIT})")
ax.legend(loc="lower right")
changes = by_hour["LSTM"].max() > 2 * by_hour["LSTM"].min()
evaluation.claim("the LSTM is twice as sure at some hours as at others", changes)

# %%
# The distance of the typical week is nearly the same for all hours of the day. The LSTM
# has learned to be sure at night, when hardly anybody drives, and less so in the rush
# hours. (A distance for each hour of the day would do a part of this, without any
# network.)
#
# Look closer
# -----------
# The day that the intervals hold best, and the day that they hold worst:

days = series.index[test.origins]
midnights = np.flatnonzero(days == days.normalize())
missed = (~inside["calibrated"][midnights]).sum(axis=1)

# %%
names = ["low", "middle", "high"]  # once stretched, no longer the 5, 50 and 95 %
fig, axes = plt.subplots(2, 1, figsize=(6.4, 7), sharey=True)
chosen = midnights[[missed.argmin(), missed.argmax()]]
for ax, word, number in zip(axes, ["Best", "Worst"], chosen, strict=True):
    start = test.origins[number]
    seen = series[target].iloc[start - LOOKBACK // 2 : start]
    came = series[target].iloc[start : start + HORIZON]
    band = pd.DataFrame(y_pred[number], came.index, names)
    title = f"{word} day: {came.index[0]:%A, %B %d, %Y}"
    middle_line = {"forecast": band["middle"]}
    settings = {"y_true": came, "interval": band, "unit": UNIT, "title": title}
    plots.forecast(seen, middle_line, ax=ax, **settings)

# %%
# Nothing that the model sees tells it that a day will be unlike all others. Its
# interval holds what it knows about: usual days with their usual scatter.
#
# Use it
# ------
# The 24 hours after the last row, each with its interval:

options = {"future_covariates": covariates, "quantiles": QUANTILES}
tomorrow = forecasting.forecast(calibrated, series, **options)
tomorrow.columns = names
print(tomorrow.round())
line, title = {"forecast": tomorrow["middle"]}, "The day after the last row"
last_days = series[target].tail(LOOKBACK)
plots.forecast(last_days, line, interval=tomorrow, unit=UNIT, title=title)

# %%
# Now save it. A loss that you wrote yourself is not in the file, and Keras refuses to
# open a model that was compiled with one:

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "compiled.keras"))
    try:
        keras.saving.load_model(Path(folder, "compiled.keras"))
    except TypeError as error:
        print(str(error).split(".")[0])
    keras.saving.load_model(Path(folder, "compiled.keras"), compile=False)
    calibrated.save(Path(folder, "calibrated.keras"))
    loaded = keras.saving.load_model(Path(folder, "calibrated.keras"))

# %%
# With ``compile=False`` it opens, because a forecast needs no loss. Better still, save
# a model that was never compiled. ``calibrated`` is such a model, since it was made out
# of the inputs and outputs of the other one.

again = forecasting.forecast(loaded, series, **options)
close = np.allclose(again, tomorrow, rtol=1e-5)
evaluation.claim("the loaded model gives the same intervals", close)

# %%
# Make it yours
# -------------
# Put your file into the line that begins with ``traffic =``, and the length of your
# season into ``WEEK``. For the calibration part count days, not windows: neighboring
# windows are nearly equal. Two months are little, and they should be like the time for
# which you forecast. *Try:* ``LEVEL = 0.5``: half of the truth lies within, in far
# narrower intervals.
#
# .. dropdown:: Why not calibrate on the training or the validation part?
#
#    The errors of the training part are too small: the model has seen the answers. On
#    the validation part they are a little too small: training was stopped where they
#    are smallest. Only unseen rows show errors of the size that will come.
#
# .. dropdown:: My intervals hold 80 % instead of 90 %. What now?
#
#    Times have changed since the calibration part, or its windows are too few or too
#    much alike. Take later rows for it, and calibrate again each month.
#
# Next: :doc:`/gallery/2_forecasting/plot_4_add_more_inputs` asks which inputs help.
# :doc:`/how-to/save_load_serve` has more on files and servers.

plt.show()
