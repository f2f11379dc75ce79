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
from textwrap import fill

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from simple_lstm import datasets, diagnostics, evaluation, forecasting

# %%
# Settings
# --------

STEP = "6h"  # the time step: four parts of a day, so that training is quick
LOOKBACK, HORIZON = 8, 4  # steps that the model sees, and that it forecasts
WEEK = 7 * 4  # steps in the season that repeats
SEEDS = (0, 1, 2)  # random starts for each set of inputs
UNITS = 24  # numbers in the memory of each LSTM
EPOCHS, PATIENCE, BATCH_SIZE = 7, 3, 128  # of each training
RATE = 1e-2  # the learning rate
UNIT = "vehicles/h"  # of the column that is forecast
plt.style.use("simple_lstm.simple_lstm")
plt.rcParams["text.parse_math"] = False  # show dollar signs as they are

# %%
# Data: three kinds of columns
# ----------------------------
# The first column, vehicles/h, is the one to forecast. The others are inputs: the
# temperature (°C), rain (mm/h) and clouds (%).

table = datasets.load_traffic()

target, *others = table.columns
table = forecasting.fill_gaps(table.resample(STEP).mean(), limit=1)
table = table.where(table.notna().all(axis=1))  # drop rows with any gap
print(table.describe().loc[["mean", "min", "max"]].round(1))
fig, axes = plt.subplots(len(table.columns), 1, figsize=(6.4, 7), sharex=True)
for ax, name in zip(axes, table.columns, strict=True):
    ax.plot(table[name].iloc[-4 * WEEK :])
    ax.set(ylabel=name)
axes[0].set_title("Four weeks of each column")
axes[-1].set_xlabel("time")

# %%
# Ask of each column what is known of it **when the forecast is made**:
#
# - *Observed only.* Traffic and weather are known up to now. They go into
#   ``make_windows`` as columns of the series, and the model sees their past.
# - *Known in advance.* The calendar is known for any time to come, and so is a typical
#   week, the seasonal median. They go in as ``future_covariates``, and the model is
#   told each step to come.
# - *Known in advance, but only as a forecast.* Tomorrow's weather. This table holds the
#   weather that came, not what was forecast. To use it as known is to cheat; here it
#   answers one question: what would a *perfect* weather forecast be worth?

split = forecasting.time_split(table)
covariates = forecasting.calendar_features(table.index, ahead=HORIZON)
covariates = covariates.drop(columns=["year_sin", "year_cos"])
calendar = list(covariates.columns)
typical = forecasting.seasonal_median_covariate(table[target], HORIZON, period=WEEK)
covariates["typical"] = typical  # beyond the last row, as the calendar
covariates = covariates.join(table[others])  # the weather ends with the table

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
    """Windows of train, validation and test, with the same targets for all sets."""
    sizes = {"lookback": LOOKBACK, "horizon": HORIZON, "batch_size": BATCH_SIZE}
    if ahead:
        sizes["future_covariates"] = covariates[ahead]
    train = slice(4 * WEEK, split.train.stop)  # before that no week is typical
    parts = [train, split.validation, split.test]
    return [forecasting.make_windows(table[columns], rows=r, **sizes) for r in parts]


# %%
# Two models that differ only in their random start differ in their error, too. So one
# run of each set shows little: train each several times, and look whether the
# difference between two sets is larger than that within one. The sets are compared on
# the *validation* part: what you choose by the test part is no longer tested by it.
#
# Keras compiles each new model when it is first trained. To wait for that once for each
# set, each start takes its weights and the state of its optimizer from a fresh model,
# but goes on with the compiled one. ``diagnose`` checks the model and some of the data
# before training.


def train_all(train, validation, **options):
    """Forecasts of the validation windows from each random start, and a model."""
    settings = {"units": UNITS, "learning_rate": RATE, **options}
    model, forecasts = forecasting.forecaster(train, **settings), []
    diagnostics.diagnose(model, train, validation)
    for seed in SEEDS:
        restart(model, forecasting.forecaster(train, seed=seed, **settings))
        fit(model, train, validation, seed)
        forecasts.append(model.predict(validation))
    return np.array(forecasts), model


# %%
def restart(model, fresh):
    """Give the model all the numbers of the fresh one."""
    for each in (model, fresh):
        each.optimizer.build(each.trainable_variables)
    for old, new in zip(
        [*model.variables, *model.optimizer.variables],
        [*fresh.variables, *fresh.optimizer.variables],
        strict=True,
    ):
        old.assign(new)


def fit(model, train, validation, seed):
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    options = {"epochs": EPOCHS, "callbacks": [stop]}
    model.fit(train.shuffled(seed=seed), validation_data=validation, **options)


# %%
forecasts, trained, boosted = {}, {}, {}  # of each set
for name, (columns, ahead) in sets.items():
    train, validation, _ = cut(columns, ahead)
    guess = {"residual_of": "typical" if "typical" in ahead else None}
    forecasts[name], trained[name] = train_all(train, validation, **guess)
    boosted[name] = forecasting.gradient_boosting(train, validation, **guess)

# %%
y_true = validation.targets
common_sense = forecasting.seasonal_median(validation, period=WEEK)
errors = pd.DataFrame(
    {
        name: np.abs(runs - y_true).mean(axis=(1, 2), dtype=float)
        for name, runs in forecasts.items()
    },
    index=[f"seed {seed}" for seed in SEEDS],
).T
summary = errors.assign(mean=errors.mean(axis=1), spread=errors.std(axis=1))
print(summary.round(1).to_string())

# %%
# Which step is larger than chance? Compare it with the distance between the dots of
# one row. The second figure is the first one without its first row.

trees = [np.abs(values - y_true).mean() for values in boosted.values()]
usual_error = np.abs(common_sense - y_true).mean()
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
alone, told, weather, cheating = sets
gain = mean[alone] - mean[told]
evaluation.claim("what is known in advance saves a third", gain > mean[alone] / 3)
quarter = trees[0] - trees[1] > trees[0] / 4
evaluation.claim("it saves gradient boosting a quarter", quarter)
largest = np.abs(mean[[weather, cheating]] - mean[told]).max()
evaluation.claim(
    "the weather moves the error by a tenth of that at most", largest < gain / 10
)


def clear_gain(less, more):
    """Whether the gain is more than twice the spread of both sets together."""
    return mean[less] - mean[more] > 2 * np.hypot(spread[less], spread[more])


# %%
# The gain comes from what is known of the time that is forecast. The weather, even
# known perfectly, moves the error by little. Is the little more than chance? Look
# whether the dots of two rows lie apart. For sales of ice cream the answer will be
# another one; what you can take home is the way to find out.
#
# All at once, or step by step?
# -----------------------------
# These models answer with the whole horizon at once: the **direct** way. The other way
# forecasts one step, takes it for true, and goes on: the forecast is :term:`fed back`.
# Here are both, from the past of the traffic alone, a week ahead.

networks, parts = {}, {}
for name, horizon in {"direct": WEEK, "fed back": 1}.items():
    parts[name] = forecasting.make_windows(
        table[[target]], LOOKBACK, horizon, split=split, batch_size=BATCH_SIZE
    )
    train, validation, _ = parts[name]
    networks[name] = forecasting.forecaster(train, units=UNITS, learning_rate=RATE)
    diagnostics.diagnose(networks[name], train, validation)
    fit(networks[name], train, validation, seed=0)


# %%
def feed_back(model, past, steps):
    """Forecast one step, append it to the past, drop the oldest; and again."""
    forecast = []
    for _ in range(steps):
        forecast.append(np.asarray(model(past, training=False)))  # (samples, 1)
        past = np.concatenate([past[:, 1:], forecast[-1][:, np.newaxis]], axis=1)
    return np.concatenate(forecast, axis=1)  # (samples, steps)


# %%
train, _, test = parts["direct"]
answers = {
    "direct": networks["direct"].predict(test),
    "fed back": feed_back(networks["fed back"], test.past, WEEK),
    "ridge, direct": forecasting.ridge(train, test),
    "typical week": forecasting.seasonal_median(test, period=WEEK),
}
y_true = test.targets
by_step = {
    name: np.abs(y_pred - y_true).mean(axis=0) for name, y_pred in answers.items()
}
at_the_end = np.abs(answers["fed back"] - y_true)[:, -HORIZON:].mean(axis=1)
ordinary = np.argsort(at_the_end)[len(at_the_end) // 2]  # as many better as worse

# %%
days = np.arange(1, WEEK + 1) * 7 / WEEK
fig, axes = plt.subplots(2, 1, figsize=(6.4, 7.4))
axes[0].plot(days, y_true[ordinary], color="black", lw=2.4, label="truth")
for name in answers:
    axes[0].plot(days, answers[name][ordinary], label=name)
    axes[1].plot(days, by_step[name], label=name)
axes[0].set(title="One week ahead", xlabel="days ahead", ylabel=f"{target} ({UNIT})")
axes[0].legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.1))
axes[1].set(title="Error by time ahead", xlabel="days ahead", ylabel=f"MAE ({UNIT})")
axes[1].set_ylim(0)
axes[1].legend()

# %%
edges = [slice(HORIZON), slice(-HORIZON, None)]  # the first and the last day
first, last = ({n: e[part].mean() for n, e in by_step.items()} for part in edges)
drifts = last["fed back"] > 1.3 * first["fed back"]
evaluation.claim("fed back, the error grows by a third and more in a week", drifts)
behind = last["fed back"] > last["direct"]
evaluation.claim("on the last day the direct way is better", behind)
best = min(by_step, key=lambda name: by_step[name].mean()) == "typical week"
evaluation.claim("over the week a typical week is better than all of them", best)

# %%
# Fed back, each error becomes an input of the next step, and the forecast drifts away
# from the truth: see the last days of the first figure. The model was trained on true
# pasts and has never seen its own mistakes. The direct way has none of that, but it
# has to learn each step of the horizon, and it is trained for one horizon only. Ridge
# regression goes the direct way, too. And a typical week shows what all of them lack:
# they see two days and are told no calendar.
#
# Use it
# ------
# Keep the smallest set of inputs that no larger one clearly beats. The last set is not
# among them: future weather is unavailable at forecast time. Only now look at the test
# part, once:

names = [alone, told, weather]
beaten = {n: any(clear_gain(n, m) for m in names[k:]) for k, n in enumerate(names)}
chosen = next(name for name in names if not beaten[name])
columns, ahead_names = sets[chosen]

# %%
train, _, test = cut(columns, ahead_names)
guess = {"residual_of": "typical" if "typical" in ahead_names else None}
simple = {
    "typical week": forecasting.seasonal_median(test, period=WEEK),
    "ridge regression": forecasting.ridge(train, test),
    "gradient boosting": forecasting.gradient_boosting(train, test, **guess),
}
y_true, y_pred = test.targets, trained[chosen].predict(test)
board = evaluation.Scoreboard(
    y_true, {"LSTM": y_pred}, baselines=simple, metric="MAE", unit=UNIT
)
print(f"chosen: {chosen}\n{board}")
near = board.skills["LSTM"] > -0.1
rival = board.best_baseline
evaluation.claim(f"the LSTM beats {rival}, or is less than 10 % behind", near)

# %%
# With the same inputs, gradient boosting is hard to beat on this table, as its diamonds
# in the figure above show. The lesson of this page does not depend on who wins: both
# gain from the same inputs.
#
# For the steps after the last row, everything known in advance must be given for those
# times, too:

options = {"future_covariates": covariates[ahead_names]} if ahead_names else {}
print(forecasting.forecast(trained[chosen], table[columns], **options).round())

# %%
# The last set cannot be used at all. Here is what happens if you try: the table ends,
# and with it the weather.

columns, ahead_names = sets[cheating]
options = {"future_covariates": covariates[ahead_names]}
try:
    forecasting.forecast(trained[cheating], table[columns], **options)
except ValueError as error:
    print(fill(str(error), 76))

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
#    Then it is no longer a test: of several equal sets one looks best by luck. Choose
#    by the validation part, as above, and look at the test part once.
#
# Next: :doc:`/gallery/2_forecasting/plot_5_use_your_own_csv` starts from a file.
# :doc:`/how-to/choose_settings` does for settings what this page does for inputs.

plt.show()
