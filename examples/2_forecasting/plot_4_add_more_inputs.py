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
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from simple_lstm import baselines, datasets, evaluation, models, training
from simple_lstm import preprocessing as prepare

# %%
# Settings
# --------

STEP = "6h"  # the time step: four parts of a day, so that training is quick
LOOKBACK, HORIZON = 8, 4  # steps that the model sees, and that it forecasts
WEEK = 7 * 4  # steps in the season that repeats
SEEDS = (0, 1, 2)  # random starts for each set of inputs
UNITS = 24  # numbers in the memory of each LSTM
EPOCHS, PATIENCE, BATCH_SIZE = 8, 4, 128  # of each training
RATE = 1e-2  # the learning rate
UNIT = "vehicles/h"  # of the column that is forecast
plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: three kinds of columns
# ----------------------------
# The first column, vehicles/h, is the one to forecast. The others are inputs: the
# temperature (°C), rain (mm/h) and clouds (%).

table = datasets.load_traffic()

target, *others = table.columns
table = prepare.fill_gaps(table.resample(STEP).mean(), limit=1)
print(table.describe().loc[["mean", "min", "max"]].round(1))
fig, axes = plt.subplots(len(table.columns), 1, figsize=(6.4, 7), sharex=True)
for ax, name in zip(axes, table.columns, strict=True):
    ax.plot(table[name].iloc[-4 * WEEK :])
    ax.set(ylabel=name)
axes[0].set_title("Four weeks of each column")
locator = AutoDateLocator(maxticks=6)
axes[-1].xaxis.set_major_locator(locator)
axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))
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
rows = len(table) + HORIZON  # to one forecast after the last row
times = pd.date_range(table.index[0], periods=rows, freq=table.index.freq)
rows = np.arange(4 * WEEK, rows)
typical = baselines.typical_season(table[target], rows, 1, period=WEEK)[:, 0]
known = prepare.calendar(times).drop(columns=["year_sin", "year_cos"])
calendar = list(known.columns)
known["typical"] = pd.Series(typical, index=times[rows])
known = known.join(table[others])  # the weather ends with the table

# %%
# One more input at a time
# ------------------------
# Each row of this :term:`ablation` has the inputs of the row before and one kind more.

everything = [target, *others]
sets = {
    "past traffic alone": ([target], []),
    "+ calendar, typical week": ([target], [*calendar, "typical"]),
    "+ weather until now": (everything, [*calendar, "typical"]),
    "+ weather ahead": (everything, [*calendar, "typical", *others]),
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
        forecasts.append(model.predict(test.batches(len(test)), verbose=0))
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
forecasts, trained, boosted = {}, {}, {}  # of each set
for name, (columns, ahead) in sets.items():
    windows = cut(columns, ahead)
    correct = "typical" if "typical" in ahead else None
    forecasts[name], trained[name] = train_all(windows, correct=correct)
    train, _, test = windows
    boosted[name] = baselines.gradient_boosting(train, test, correct=correct)

truth = test.targets
place = (table[target].ffill(), test.starts, HORIZON)
common_sense = baselines.typical_season(*place, period=WEEK)
errors = pd.DataFrame(
    {
        name: np.abs(runs - truth).mean(axis=(1, 2), dtype=float)
        for name, runs in forecasts.items()
    },
    index=[f"seed {seed}" for seed in SEEDS],
).T
summary = errors.assign(mean=errors.mean(axis=1), spread=errors.std(axis=1))
print(summary.round(1).to_string())

# %%
# Which step is larger than chance? Compare it with the distance between the dots of
# one row. The second figure is the first one without its first row.

trees = [np.abs(values - truth).mean() for values in boosted.values()]
usual_error = np.abs(common_sense - truth).mean()
fig, axes = plt.subplots(2, 1, figsize=(6.4, 6))
for ax, first in zip(axes, [0, 1], strict=True):
    names = list(sets)[first:]
    for name in names:
        ax.plot(errors.loc[name], [name] * len(SEEDS), "o", color="#0072B2", alpha=0.7)
    ax.plot(trees[first:], names, "D", color="#E69F00", label="gradient boosting")
    ax.axvline(usual_error, color="#D55E00", ls="--", label="typical week")
    ax.invert_yaxis()
    ax.margins(y=0.2)
axes[0].plot([], [], "o", color="#0072B2", label="LSTM, each random start")
axes[0].legend(loc="lower right")
axes[0].set_title("What each kind of input brings")
axes[1].set_xlabel(f"MAE ({UNIT}), left is better")

# %%
mean, spread = summary["mean"], summary["spread"]


def clear_gain(less, more):
    """Whether the gain is more than twice the spread of both sets together."""
    return mean[less] - mean[more] > 2 * np.hypot(spread[less], spread[more])


alone, told, weather, cheating = sets
helps = clear_gain(alone, told)
evaluation.claim("what is known in advance lowers the error clearly", helps)
helps = clear_gain(told, weather)
evaluation.claim("the weather until now does not lower it clearly", not helps)
helps = clear_gain(weather, cheating)
evaluation.claim("nor would a perfect forecast of the weather", not helps)

# %%
# The gain comes from what is known of the time that is forecast. The weather says
# little that the hour and the day have not said already, and each useless column gives
# the model more to learn by heart. That is true of this motorway. For sales of ice
# cream the answer will be another one; what you can take home is the way to find out.
#
# The diamonds, too, are worth a look: from the past alone, gradient boosting learns far
# more than an LSTM does with so little training. Told what is known ahead, the two
# are close together.
#
# All at once, or step by step?
# -----------------------------
# These models answer with the whole horizon at once: the **direct** way. The other way
# forecasts one step, takes it for true, and goes on: the forecast is **fed back**. Here
# are both, from the past of the traffic alone, a week ahead.

past = table[[target]]
networks = {}
for name, horizon in {"direct": WEEK, "fed back": 1}.items():
    train, validation = (
        prepare.make_windows(past, LOOKBACK, horizon, rows=rows)
        for rows in (split.train, split.validation)
    )
    networks[name] = models.forecaster(train, units=UNITS, learning_rate=RATE)
    settings = {"epochs": EPOCHS, "patience": PATIENCE, "batch_size": BATCH_SIZE}
    training.fit(networks[name], train, validation=validation, **settings)


def feed_back(model, past, steps):
    """Forecast one step, append it to the past, drop the oldest; and again."""
    forecast = []
    for _ in range(steps):
        forecast.append(np.asarray(model(past, training=False)))  # (samples, 1)
        past = np.concatenate([past[:, 1:], forecast[-1][:, np.newaxis]], axis=1)
    return np.concatenate(forecast, axis=1)  # (samples, steps)


# %%
ahead = prepare.make_windows(past, LOOKBACK, WEEK, rows=split.test)
place = (table[target].ffill(), ahead.starts, WEEK)
answers = {
    "direct": np.asarray(networks["direct"](ahead.inputs, training=False)),
    "fed back": feed_back(networks["fed back"], ahead.inputs, WEEK),
    "typical week": baselines.typical_season(*place, period=WEEK),
}
by_day = {
    name: np.abs(values - ahead.targets).mean(axis=0).reshape(7, -1).mean(axis=1)
    for name, values in answers.items()
}
worst = np.abs(answers["fed back"] - ahead.targets)[:, -WEEK // 7 :].mean(axis=1)
shown = np.argsort(worst)[len(worst) // 2]  # in the middle between good and bad

# %%
days = np.arange(1, WEEK + 1) * 7 / WEEK
fig, axes = plt.subplots(2, 1, figsize=(6.4, 7.4))
axes[0].plot(days, ahead.targets[shown], color="black", lw=2.4, label="truth")
for name in answers:
    axes[0].plot(days, answers[name][shown], label=name)
    axes[1].plot(np.arange(1, 8), by_day[name], "o-", label=name)
axes[0].set(title="One week ahead", xlabel="days ahead", ylabel=f"{target} ({UNIT})")
axes[0].legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.1))
axes[1].set(title="Error by day ahead", xlabel="day ahead", ylabel=f"MAE ({UNIT})")
axes[1].set_ylim(0)
axes[1].legend()

# %%
drifts = by_day["fed back"][-1] > 1.3 * by_day["fed back"][0]
evaluation.claim("fed back, the error grows by a third and more in a week", drifts)
behind = by_day["fed back"][-1] > by_day["direct"][-1]
evaluation.claim("on day 7 the direct way is better", behind)
best = min(by_day, key=lambda name: by_day[name].mean()) == "typical week"
evaluation.claim("over the week a typical week is better than both", best)

# %%
# Fed back, each error becomes an input of the next step, and the forecast drifts away:
# it keeps a daily rhythm and loses the weekend. The model was trained on true pasts and
# has never seen its own mistakes. The direct way does not drift, but it has to learn
# each step of the horizon, and it is trained for one horizon only. And a typical week
# shows what both lack: they see two days and are told no calendar.
#
# Use it
# ------
# Keep the smallest set of inputs that no larger one clearly beats. For the steps after
# the last row, everything known in advance must be given for those times:

columns, ahead_names = sets[told]
tomorrow = models.forecast(
    trained[told], table[columns], known_ahead=known[ahead_names]
)
print(tomorrow.round())

# %%
# The last set cannot be used at all. Here is what happens if you try: the table ends,
# and with it the weather.

columns, ahead_names = sets[cheating]
try:
    models.forecast(trained[cheating], table[columns], known_ahead=known[ahead_names])
except ValueError as error:
    print(error)

# %%
# To use a forecast of the weather, collect forecasts as they were made, with the day on
# which they were made, and train with those.
#
# Make it yours
# -------------
# Put your file into the line that begins with ``table =``: the first column is
# forecast, the others are inputs. Set ``STEP`` to your time step, and ``WEEK`` and
# ``HORIZON`` to your season in such steps. *Try:* ``sets`` with the weather ahead but
# without the typical week: does it help a model that knows less?
#
# .. dropdown:: Why three random starts? One run is one run.
#
#    Look at the distance between the dots of a row. A single run of two sets could
#    have come out in either order. With three you see the spread, and only a gain
#    larger than that is one to believe.
#
# .. dropdown:: May I choose the inputs by the error on the test part?
#
#    Then it is no longer a test. This page looks at it to show the truth. To choose,
#    compare the errors on the validation part, and look at the test part once.
#
# Next: :doc:`/gallery/2_forecasting/plot_5_use_your_own_csv` starts from a file.
# :doc:`/how-to/choose_settings` does for settings what this page does for inputs.

plt.show()
