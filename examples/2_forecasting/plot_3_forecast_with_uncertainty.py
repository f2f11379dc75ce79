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

from simple_lstm import baselines, datasets, evaluation, models, plots, training
from simple_lstm import preprocessing as prepare

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
# :doc:`/gallery/2_forecasting/plot_1_forecast_traffic`: the model sees the last two
# days and is told the calendar and a typical week, the median of the last four.

traffic = datasets.load_traffic()[["vehicles"]]

target = traffic.columns[0]
series = prepare.fill_gaps(traffic, limit=3)
known = prepare.calendar(series.index, ahead=HORIZON)  # to a day after the last row
known = known.drop(columns=["year_sin", "year_cos"])
known["typical"] = baselines.typical_ahead(series[target], HORIZON, period=WEEK)
series["difference"] = series[target] - known["typical"]

# %%
# What is new is the **calibration** part. It has to show how wide the intervals must
# be, so it has to be rows that the model knows nothing of: neither trained on them, nor
# stopped by them. The later half of what would be the validation part is put aside.

split = prepare.time_split(series)
middle = (split.validation.start + split.validation.stop) // 2
spans = {
    "train": (split.train, STRIDE),
    "validation": (slice(split.validation.start, middle), 1),
    "calibration": (slice(middle, split.validation.stop), 1),
    "test": (split.test, 1),
}
sizes = {"lookback": LOOKBACK, "horizon": HORIZON, "known_ahead": known}
train, validation, calibration, test = (
    prepare.make_windows(series, rows=span, stride=stride, **sizes)
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


def pinball(truth, prediction):
    """One loss for each window; shapes (batch, steps), (batch, steps, quantiles)."""
    levels = np.array(QUANTILES, dtype="float32")
    above = ops.expand_dims(truth, -1) - prediction  # by how much the truth is higher
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
# ``models.forecaster`` builds the two LSTMs of the page on traffic with three outputs
# for each hour, and sorts them, so that they never cross. It is compiled here once
# more, with the loss that you have just read; ``forecaster`` has the same one inside.

model = models.forecaster(
    train, units=UNITS, correct="typical", quantiles=QUANTILES, seed=SEED
)
spread = float(train.targets.std())
adam = keras.optimizers.Adam(RATE)
model.compile(adam, loss=pinball, loss_weights=[1 / spread], metrics=[pinball])
print("for each window:", model.output_shape[1:], "hours and quantiles")

# %%
# Train
# -----

settings = {"epochs": EPOCHS, "patience": PATIENCE, "seed": SEED}
history = training.fit(model, train, validation=validation, **settings)
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
# and a factor below 1 makes the interval narrower.

learned = model.predict(calibration.batches(512), verbose=0)
factor = evaluation.conformal_factor(
    *np.moveaxis(learned, -1, 0), calibration.targets, level=LEVEL
)
inside = evaluation.coverage(learned[..., 0], learned[..., 2], calibration.targets)
print(f"before: {inside:.1%} of the truth is in the intervals")
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
# First the promise, :term:`coverage`: nine of ten. Neither the model nor its
# calibration has seen these rows.

truth = test.targets
raw = model.predict(test.batches(512), verbose=0)
answers = calibrated.predict(test.batches(512), verbose=0)
covered = evaluation.coverage(answers[..., 0], answers[..., 2], truth)
print(f"before calibration {evaluation.coverage(raw[..., 0], raw[..., 2], truth):.1%}")
print(f"after calibration  {covered:.1%}")
near = abs(covered - LEVEL) < 0.03
evaluation.claim(f"intervals of {LEVEL:.0%} hold that part, give or take 3 %", near)
whole = ((answers[..., 0] <= truth) & (truth <= answers[..., 2])).all(axis=1).mean()
print(f"windows in which all hours lie in their intervals: {whole:.1%}")
evaluation.claim("of whole windows far fewer are held", whole < covered - 0.2)

# %%
fig, ax = plt.subplots()
hours = np.arange(1, HORIZON + 1)
for label, values in {"as learned": raw, "calibrated": answers}.items():
    within = (values[..., 0] <= truth) & (truth <= values[..., 2])
    ax.plot(hours, 100 * within.mean(axis=0), "o-", ms=4, label=label)
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
# is how *narrow* they are. The rivals are calibrated in the same way. The same hour
# last week, the typical week and ridge regression have a fixed distance up and down,
# one for each hour ahead. Ridge regression and gradient boosting get the same inputs as
# the LSTM; gradient boosting learns the same two quantiles.

later = prepare.make_windows(series, rows=slice(middle, None), **sizes)
in_calibration, in_test = (
    np.isin(later.starts, part.starts) for part in (calibration, test)
)
place = (series[target].ffill(), later.starts, HORIZON)
last_week = baselines.repeat_season(*place, period=WEEK)
usual = baselines.typical_season(*place, period=WEEK)
line = baselines.ridge(train, later)

# %%
boosted = [
    baselines.gradient_boosting(train, later, correct="typical", quantile=level)
    for level in (QUANTILES[0], QUANTILES[-1])
]
rivals = {
    "same hour last week": (last_week - 1, last_week + 1),  # the factor does the rest
    "typical week": (usual - 1, usual + 1),
    "ridge regression": (line - 1, line + 1),
    "gradient boosting": (np.minimum(*boosted), np.maximum(*boosted)),
}

# %%
intervals = {}
for name, (low, high) in rivals.items():
    mid = (low + high) / 2
    before = [values[in_calibration] for values in (low, mid, high)]
    wider = evaluation.conformal_factor(*before, calibration.targets, level=LEVEL)
    ends = (mid + wider * (low - mid), mid + wider * (high - mid))
    intervals[name] = [end[in_test] for end in ends]
intervals["LSTM"] = [answers[..., 0], answers[..., 2]]


# %%
# Calibrated on spring and tested on summer, they do not all cover the same part. To
# compare the widths, each rival is stretched or shrunk once more, *in hindsight*, until
# it covers exactly as much as the LSTM. The pinball loss needs no such help: it charges
# for width and for each miss at once. Here it is the mean of both ends.


def judge(low, high):
    """What a set of intervals covers, how wide it is, and its pinball loss."""
    half = (high - low) / 2
    needed = np.abs(truth - (low + high) / 2) / half
    ends = zip((low, high), (QUANTILES[0], QUANTILES[-1]), strict=True)
    return {
        "coverage (%)": 100 * evaluation.coverage(low, high, truth),
        "width": 2 * half.mean(),
        "width, same coverage": 2 * half.mean() * np.quantile(needed, covered),
        "pinball loss": np.mean(
            [mean_pinball_loss(truth, end, alpha=level) for end, level in ends]
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
cost, fixed = table["pinball loss"], [name for name in rivals if "boost" not in name]
cheaper = cost["LSTM"] < cost[fixed].min()
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

rows = test.starts[:, np.newaxis] + np.arange(HORIZON)
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

days = series.index[test.starts]
midnights = np.flatnonzero(days == days.normalize())
outside = (truth < answers[..., 0]) | (truth > answers[..., 2])
missed = outside[midnights].sum(axis=1)

# %%
names = ["low", "middle", "high"]  # once stretched, no longer the 5, 50 and 95 %
fig, axes = plt.subplots(2, 1, figsize=(6.4, 7), sharey=True)
chosen = midnights[[missed.argmin(), missed.argmax()]]
for ax, word, number in zip(axes, ["Best", "Worst"], chosen, strict=True):
    start = test.starts[number]
    seen = series[target].iloc[start - LOOKBACK // 2 : start]
    came = series[target].iloc[start : start + HORIZON]
    band = pd.DataFrame(answers[number], came.index, names)
    title = f"{word} day: {came.index[0]:%A, %B %d, %Y}"
    middle_line = {"forecast": band["middle"]}
    settings = {"truth": came, "interval": band, "unit": UNIT, "title": title}
    plots.forecast(seen, middle_line, ax=ax, **settings)

# %%
# Nothing that the model sees tells it that a day will be unlike all others. Its
# interval holds what it knows about: usual days with their usual scatter.
#
# Use it
# ------
# The 24 hours after the last row, each with its interval:

tomorrow = models.forecast(calibrated, series, known_ahead=known, quantiles=QUANTILES)
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

again = models.forecast(loaded, series, known_ahead=known, quantiles=QUANTILES)
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
