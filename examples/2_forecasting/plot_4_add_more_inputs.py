"""
Do more inputs help?
====================

The weather, the calendar, the forecast of the weather: you give an LSTM one more kind
of input at a time, train it from three random starts each, and see which of them lower
its error by more than chance. Then you compare two ways to forecast many steps: all at
once, or one by one, fed back. The page takes 30 to 60 seconds on a laptop. **For your
own data, change the line that begins with** ``table =``.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from simple_lstm import baselines, datasets, evaluation, models, training
from simple_lstm import preprocessing as prepare

# %%
# Settings
# --------

STEP = "3h"  # the time step; fewer, longer steps train faster
LOOKBACK, HORIZON = 16, 8  # steps that the model sees, and that it forecasts
WEEK = 7 * 8  # steps in the season that repeats
SEEDS = (0, 1, 2)  # random starts for each set of inputs
UNITS = 24  # numbers in the memory of each LSTM
EPOCHS, PATIENCE, BATCH_SIZE = 6, 6, 128  # of each training
RATE = 6e-3  # the learning rate
UNIT = "vehicles/h"  # of the column that is forecast
plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: three kinds of columns
# ----------------------------
# The first column is the one to forecast. The others are inputs.

table = datasets.load_traffic()

target, *others = table.columns
table = prepare.fill_gaps(table.resample(STEP).mean(), limit=2)
print(table.describe().loc[["mean", "min", "max"]].round(1))
fig, axes = plt.subplots(len(table.columns), 1, figsize=(6.4, 7), sharex=True)
for ax, name in zip(axes, table.columns, strict=True):
    ax.plot(table[name].iloc[2000 : 2000 + 2 * WEEK])
    ax.set(ylabel=name)
axes[0].set_title("Two weeks of each column")
axes[-1].tick_params(axis="x", rotation=30)
axes[-1].set_xlabel("time")

# %%
# Ask of each column what is known of it **when the forecast is made**:
#
# - *Observed only.* Traffic and weather are known up to now. They go into
#   ``make_windows`` as columns of the series, and the model sees their past.
# - *Known in advance.* The calendar is known for any time to come, and so is a typical
#   week. They go in as ``known_ahead``, and the model is told each step to come.
# - *Known in advance, but only as a forecast.* Tomorrow's weather. This table holds the
#   weather that came, not what was forecast. To use it as known is to cheat; here it
#   answers one question: what would a *perfect* weather forecast be worth?

split = prepare.time_split(table)
rows = np.arange(4 * WEEK, len(table))
typical = baselines.typical_season(table[target], rows, 1, period=WEEK)[:, 0]
known = prepare.calendar(table.index).drop(columns=["year_sin", "year_cos"])
calendar = list(known.columns)
known["typical"] = pd.Series(typical, index=table.index[rows])
known = known.join(table[others])

# %%
# One more input at a time
# ------------------------
# Each row of this :term:`ablation` has the inputs of the row before and one kind more.

everything = [target, *others]
sets = {
    "past traffic alone": ([target], []),
    "+ calendar and typical week": ([target], [*calendar, "typical"]),
    "+ weather until now": (everything, [*calendar, "typical"]),
    "+ weather ahead, as if known": (everything, [*calendar, "typical", *others]),
}


def cut(columns, ahead):
    """Windows of train, validation and test; all sets have the same test windows."""
    sizes = {"lookback": LOOKBACK, "horizon": HORIZON}
    if ahead:
        sizes["known_ahead"] = known[ahead]
    parts = [split.train, split.validation, split.test]
    return [prepare.make_windows(table[columns], rows=r, **sizes) for r in parts]


# %%
# Two models that differ only in their random start differ in their error, too. So one
# run of each set shows little: train each several times, and look whether the
# difference between two sets is larger than that within one.
#
# Keras compiles each new model, which takes longer here than to train it. That is why
# the second and the third start get their weights and the state of their optimizer
# from a fresh model, but go on with the compiled one.


def train_all(windows, **options):
    """Test forecasts of the model from each random start."""
    train, validation, test = windows
    model, forecasts = None, []
    for seed in SEEDS:
        settings = {"units": UNITS, "learning_rate": RATE, "seed": seed, **options}
        fresh = models.forecaster(train, **settings)
        model = restart(model, fresh)
        settings = {"patience": PATIENCE, "batch_size": BATCH_SIZE, "seed": seed}
        training.fit(model, train, validation=validation, epochs=EPOCHS, **settings)
        forecasts.append(model.predict(test.batches(512), verbose=0))
    return np.array(forecasts), model


def restart(compiled, fresh):
    """The compiled model with all the numbers of the fresh one."""
    if compiled is None:
        return fresh
    fresh.optimizer.build(fresh.trainable_variables)
    for old, new in zip(
        [*compiled.variables, *compiled.optimizer.variables],
        [*fresh.variables, *fresh.optimizer.variables],
        strict=True,
    ):
        old.assign(new)
    return compiled


# %%
forecasts, boosted = {}, {}
for name, (columns, ahead) in sets.items():
    windows = cut(columns, ahead)
    correct = "typical" if "typical" in ahead else None
    forecasts[name], model = train_all(windows, correct=correct)
    train, _, test = windows
    boosted[name] = baselines.gradient_boosting(train, test, correct=correct)

truth = test.targets
place = (table[target].ffill(), test.starts, HORIZON)
common_sense = baselines.typical_season(*place, period=WEEK)
errors = pd.DataFrame(
    {name: np.abs(runs - truth).mean(axis=(1, 2)) for name, runs in forecasts.items()},
    index=[f"seed {seed}" for seed in SEEDS],
).T
summary = errors.assign(mean=errors.mean(axis=1), spread=errors.std(axis=1))
print(summary.round(1))

# %%
# Which step is larger than chance? The starts of two sets are independent, so their
# difference is compared with the spread of both.

trees = [np.abs(boosted[name] - truth).mean() for name in sets]
typical_error = np.abs(common_sense - truth).mean()
fig, ax = plt.subplots(figsize=(6.4, 3.4))
for number, name in enumerate(errors.index):
    dots = errors.loc[name]
    ax.plot(dots, [number] * len(dots), "o", color="#0072B2", alpha=0.7)
ax.plot([], [], "o", color="#0072B2", label="LSTM, one dot for each start")
ax.plot(trees, range(len(trees)), "D", color="#E69F00", label="gradient boosting")
ax.axvline(typical_error, color="#D55E00", ls="--", label="typical week")
ax.set_yticks(range(len(errors)), errors.index)
ax.invert_yaxis()
ax.legend()
ax.set(title="What each kind of input brings", xlabel=f"MAE ({UNIT})")

# %%
mean, last = summary["mean"], summary["spread"]
print("change by each step:")
print(mean.diff().dropna().round(1).to_string())


def clear_gain(less, more):
    """Whether the gain is more than twice the spread of the two sets together."""
    gain = mean[less] - mean[more]
    return gain > 2 * np.hypot(last[less], last[more])


alone, with_calendar, with_typical, with_weather, perfect = sets
helps = clear_gain(alone, with_calendar)
evaluation.claim("the calendar lowers the error by more than chance", helps)
helps = clear_gain(with_calendar, with_typical)
evaluation.claim("so does the typical week", helps)
helps = clear_gain(with_typical, with_weather)
evaluation.claim("the weather until now does not", not helps)
helps = clear_gain(with_weather, perfect)
evaluation.claim("nor would a perfect forecast of the weather", not helps)

# %%
# The jump comes from what is known of the time that is forecast. The weather explains
# little that the hour and the day have not said already, and each useless column gives
# the model more to learn by heart. That is true of this motorway. For sales of ice
# cream the answer will be another one; what carries over is the way to find out.
#
# All at once, or step by step?
# -----------------------------
# All models above answer with the whole horizon at once: the **direct** way. The other
# way forecasts one step, takes it for true, and goes on: the forecast is **fed back**.
# Here are both, a week ahead, from the past of the traffic alone.

alone = table[[target]]
sizes = {"direct": (LOOKBACK, WEEK), "fed back": (LOOKBACK, 1)}
networks = {}
for name, (lookback, horizon) in sizes.items():
    train, validation = (
        prepare.make_windows(alone, lookback, horizon, rows=rows, stride=STRIDE)
        for rows in (split.train, split.validation)
    )
    networks[name] = models.forecaster(train, units=UNITS, learning_rate=RATE)
    settings = {"epochs": EPOCHS, "patience": PATIENCE, "batch_size": BATCH_SIZE}
    training.fit(networks[name], train, validation=validation, **settings)


def feed_back(model, past, steps):
    """Forecast one step, append it to the past, drop the oldest; and again."""
    forecast = []
    for _ in range(steps):
        forecast.append(model.predict_on_batch(past))  # (samples, 1)
        past = np.concatenate([past[:, 1:], forecast[-1][:, np.newaxis]], axis=1)
    return np.concatenate(forecast, axis=1)  # (samples, steps)


# %%
ahead = prepare.make_windows(alone, LOOKBACK, WEEK, rows=split.test, stride=3)
place = (table[target].ffill(), ahead.starts, WEEK)
answers = {
    "direct": networks["direct"].predict(ahead.inputs, verbose=0),
    "fed back": feed_back(networks["fed back"], ahead.inputs, WEEK),
    "typical week": baselines.typical_season(*place, period=WEEK),
}
days = np.arange(1, WEEK + 1) * pd.Timedelta(STEP) / pd.Timedelta("1D")
fig, axes = plt.subplots(2, 1, figsize=(6.4, 7))
axes[0].plot(days, ahead.targets[0], color="black", lw=2.4, label="truth")
for name, values in answers.items():
    axes[0].plot(days, values[0], label=name)
    error = np.abs(values - ahead.targets).reshape(len(values), 7, -1).mean(axis=(0, 2))
    axes[1].plot(np.arange(1, 8), error, "o-", label=name)
    print(name, error.round())
axes[0].set(title="One week ahead", xlabel="days ahead", ylabel=f"{target} ({UNIT})")
axes[1].set(title="Error by day ahead", xlabel="days ahead", ylabel=f"MAE ({UNIT})")
axes[1].set_ylim(0)
axes[1].legend()
