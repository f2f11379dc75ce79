"""
Can you predict stock prices? Or: why is my forecast one step late?
===================================================================

You train the LSTM of the usual tutorial on prices, draw the usual beautiful plot, and
look closer: the forecast is yesterday's price, one step late. Four checks show it, and
on a series with structure the same code passes all four. The page takes 20 to 60
seconds on a laptop. **For your own data, change the line that begins with**
``prices =``.
"""

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy import stats
from sklearn.metrics import r2_score

from simple_lstm import datasets, diagnostics, evaluation, forecasting, plots

# %%
# Settings
# --------

ROWS = 4000  # days of made-up prices: fifteen years
LOOKBACK = 30  # days that the model sees before each forecast
UNITS = 50  # numbers in the memory of the LSTM
EPOCHS, PATIENCE = 15, 4  # passes over the data at most, and without any progress
RATE, SEED = 1e-2, 1  # the learning rate; what makes a run repeatable
UNIT = "$"  # of the prices
plt.style.use("simple_lstm.simple_lstm")
plt.rcParams["text.parse_math"] = False  # show dollar signs as they are

# %%
# Data: look before you touch
# ---------------------------
# These prices are a :term:`random walk`: whether the next step goes up or down does not
# depend on anything before. As on real markets, calm and wild times come in clusters.
# Because they are made up, the best forecast is known: tomorrow's price is expected to
# be today's. Only luck can do better.

prices = datasets.make_random_walk(ROWS, seed=SEED)

prices = forecasting.fill_gaps(prices, limit=5)  # holidays, if the prices are your own
name = prices.columns[0]
split = forecasting.time_split(prices)
fig, ax = plt.subplots()
for part in ["train", "validation", "test"]:
    ax.plot(prices[name].iloc[getattr(split, part)], label=part)
ax.set(title=f"{len(prices):,} days that look like a stock", ylabel=f"{name} ({UNIT})")
ax.set_xlabel("day")
ax.legend()

# %%
# You see trends, bubbles and crashes, as in every random walk. None of them says what
# comes next.
#
# The usual tutorial
# ------------------
# Thirty prices in, the next one out. Nothing in these two functions is a trick: the
# split is in time, the scale is taken from the training rows alone, and training stops
# when the validation loss no longer falls. They will be called three times on this
# page, each time with another series. (``diagnose`` checks the model and some of the
# data before training.)


def cut(series):
    """Windows of the three parts: some steps of the past, and the next one."""
    split = forecasting.time_split(series)
    return forecasting.make_windows(series, LOOKBACK, 1, split=split)


# %%
def fit_lstm(train, validation):
    """The LSTM of the usual tutorial, trained."""
    level, spread = float(train.targets.mean()), float(train.targets.std())
    scale = layers.Normalization(mean=level, variance=spread**2)
    back = layers.Rescaling(spread, offset=level)
    keras.utils.set_random_seed(SEED)  # before the layers draw their weights
    parts = [scale, layers.LSTM(UNITS), layers.Dense(1), back]
    model = keras.Sequential([keras.Input((LOOKBACK, 1)), *parts])
    adam = keras.optimizers.Adam(RATE)
    model.compile(adam, loss="mae", loss_weights=[1 / spread], metrics=["mae"])
    stop = keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)
    options = {"epochs": EPOCHS, "callbacks": [stop]}
    diagnostics.diagnose(model, train, validation)
    model.fit(train.shuffled(seed=SEED), validation_data=validation, **options)
    return model


# %%
train, validation, test = cut(prices)
model = fit_lstm(train, validation)
y_pred = model.predict(test)
plots.history(model.history, metric="mae", unit=UNIT)

# %%
# The curves fall and stay low. And here is the plot that has convinced so many:

y_true, days = test.targets, prices.index[test.origins]
fig, ax = plt.subplots()
ax.plot(days, y_true, color="black", lw=2.4, label="truth")
ax.plot(days, y_pred, color="#0072B2", label="forecast of the LSTM")
ax.set(title="The beautiful plot", ylabel=f"{name} ({UNIT})", xlabel="day of the test")
ax.legend()
print(f"R² of the LSTM: {r2_score(y_true, y_pred):.3f}")

# %%
# On days the model has never seen, the lines lie on each other, and :term:`R²` is near
# one. The usual tutorial ends here.
#
# Check 1: does the forecast come too late?
# -----------------------------------------
# Look at thirty days instead of two years. Then move the forecast back against the
# truth, day by day, and see where the two fit best. That shift is the **forecast
# delay**. (Many call it a lag, but a lag is an old value that is used as an input.)

fig, axes = plt.subplots(2, 1, figsize=(6.4, 7.4))
axes[0].plot(days[-30:], y_true[-30:], "o-", color="black", ms=4, label="truth")
axes[0].plot(days[-30:], y_pred[-30:], "o-", ms=4, label="forecast of the LSTM")
axes[0].set(title="Its last thirty days", xlabel="day", ylabel=f"{name} ({UNIT})")
axes[0].legend()
shifts = np.arange(6)
fits = [np.corrcoef(y_pred[s:, 0], y_true[: len(y_true) - s, 0])[0, 1] for s in shifts]
axes[1].plot(shifts, fits, "o-")
axes[1].set(title="Where does it fit best?", ylabel="correlation with the truth")
axes[1].set_xlabel("days by which the forecast is moved back")

# %%
try:
    delay = forecasting.forecast_delay(y_true, y_pred)
except ValueError as error:  # too few days in the test part, for example
    print(error)
else:
    print(f"Forecast delay in days: {delay}")
    evaluation.claim("the forecast of the price comes a day late, or more", delay > 0)

# %%
# The forecast turns one day after the truth has turned, and it fits best when it is
# moved back: it is *yesterday's* price. If your own forecast looks fine but has such a
# delay, this is the usual reason. The model repeats the last value it saw, because
# nothing better can be learned, or because nothing else is as easy. (The other reason
# is a mistake: times that are shifted by a row.)
#
# Check 2: is it better than no model?
# ------------------------------------
# "Tomorrow is like today", the naive forecast, is one line of code.

today = forecasting.naive(test)
simple = {"tomorrow = today": today, "ridge regression": forecasting.ridge(train, test)}
board = evaluation.Scoreboard(
    y_true, {"LSTM": y_pred}, baselines=simple, metric="MAE", unit=UNIT
)
print(board)
lower = min(r2_score(y_true, today), r2_score(y_true, y_pred))
print(f"R² of tomorrow = today: {r2_score(y_true, today):.3f}")
evaluation.claim("R² is above 0.9 for the copy and for the LSTM", lower > 0.9)
no_better = board.skills["LSTM"] < 0.01
evaluation.claim("the LSTM is no better than the best baseline", no_better)

# %%
# So R² near one was no achievement. It compares the error with the spread of two years
# of prices, and tomorrow's price is always near today's. **Never judge the forecast of
# a wandering series by R², nor by a plot of its level.**
#
# Check 3: can it forecast what is new?
# -------------------------------------
# What is new tomorrow is the change. A :term:`return` is the change of a day in
# percent. It does not wander, so there is nothing to copy. (A series of your own that
# falls to zero or below has no percent: it is judged by its plain differences.)

percent = bool((prices > 0).all(axis=None))
returns = (100 * np.log(prices) if percent else prices).diff().iloc[1:]
train_returns, validation_returns, test_returns = cut(returns)
model_returns = fit_lstm(train_returns, validation_returns)
said = model_returns.predict(test_returns)
came = test_returns.targets
fig, ax = plt.subplots(figsize=(5.4, 5))
ax.scatter(said, came, s=8, alpha=0.5)
ax.axline((0, 0), slope=1, color="#D55E00", ls="--", label="a perfect forecast")
limits, unit = 1.1 * np.abs(came).max() * np.array([-1, 1]), "%" if percent else UNIT
ax.set(xlim=limits, ylim=limits, title="Changes: forecast and truth")
ax.set(xlabel=f"forecast change ({unit})", ylabel=f"true change ({unit})")
ax.legend(loc="lower right")
print(f"R² of the changes: {r2_score(came, said):.3f}")
evaluation.claim("the change itself is not forecast", r2_score(came, said) < 0.05)

# %%
# A good forecast would lie along the dashed line. This one is a narrow band around
# zero: asked for the change alone, the LSTM answers that it does not know. In prices,
# that is "tomorrow = today" again.
#
# Check 4: does it know the direction?
# ------------------------------------
# How often would a forecast be right that says the same every day? On half of the days,
# or more: if 54 of 100 days fall, "down" is right on 54. That is the bar. What lies
# above it may be luck, so look at the :term:`confidence interval` (`Wilson, 1927
# <https://doi.org/10.1080/01621459.1927.10502953>`_): in 95 of 100 such tests it holds
# the true rate. As long as the bar lies in it, nothing has been shown.


def direction(change, forecast_change):
    """How often the direction is right, its 95 % interval, and the bar."""
    moved = ~np.isclose(change, 0, atol=1e-4)
    rises, right = change[moved] > 0, (change * forecast_change > 0)[moved]
    count = stats.binomtest(int(right.sum()), len(right))
    interval = count.proportion_ci(method="wilson")
    return (
        right.mean(),
        interval.low,
        interval.high,
        max(rises.mean(), 1 - rises.mean()),
    )


# %%
rate, low, high, bar = direction(came, said)
print(f"right on {rate:.1%} of the days, interval {low:.1%} to {high:.1%}")
print(f"always the same direction: {bar:.1%}")
evaluation.claim("the LSTM is not shown to know the direction", low <= bar)

# %%
# One warning. If you try twenty models, one of them will pass this check by luck, and
# that is the one you would show. Decide what you test before you look, and test it
# once.
#
# The same code on a series with structure
# ----------------------------------------
# Is the code bad, then? Here is another series that wanders, and for which "the next
# hour is like this one" is a fair forecast: the temperature of the air, as many hours
# of it as there were days of prices. No setting is changed.

air = datasets.load_traffic()[["temperature"]].tail(ROWS)
air = forecasting.fill_gaps(air, limit=12)
train_air, validation_air, test_air = cut(air)
model_air = fit_lstm(train_air, validation_air)
came_air, said_air = test_air.targets, model_air.predict(test_air)
now, same = forecasting.naive(test_air), "next hour = this hour"
simple = {same: now, "ridge regression": forecasting.ridge(train_air, test_air)}
board_air = evaluation.Scoreboard(
    came_air, {"LSTM": said_air}, baselines=simple, metric="MAE", unit="°C"
)
print(board_air)

# %%
delay = forecasting.forecast_delay(came_air, said_air)
evaluation.claim("check 1: here the forecast does not come too late", delay == 0)
saved = 1 - board_air.scores["LSTM"] / board_air.scores[same]
evaluation.claim(f"check 2: a third of the error of '{same}' is saved", saved > 1 / 3)
new = r2_score(came_air - now, said_air - now)
evaluation.claim("check 3: half of the change and more is explained", new > 0.5)
before = now - test_air.past[:, -2]  # the change of the hour before
lstm = direction(came_air - now, said_air - now)
goes_on = direction(came_air - now, before)
evaluation.claim("check 4: the LSTM knows the direction", lstm[1] > lstm[3])
near = board_air.skills["LSTM"] < 0.05
rival = f"{board_air.best_baseline}, the best baseline"
evaluation.claim(f"{rival}, comes within 5 % of the LSTM, or is better", near)
near = goes_on[0] > lstm[0] - 0.05
evaluation.claim("'it goes on as it went' knows the direction nearly as often", near)

# %%
rates = {
    "price, LSTM": (rate, low, high, bar),
    "temperature, LSTM": lstm,
    "temperature, goes on as it went": goes_on,
}
fig, ax = plt.subplots(figsize=(6.4, 2.8))
for name_of, (rate, low, high, bar) in rates.items():
    ends = [[rate - low], [high - rate]]
    ax.errorbar(rate, name_of, xerr=ends, fmt="o", capsize=5, color="#0072B2")
    ax.plot(bar, name_of, "|", color="#D55E00", ms=22, mew=2.5)
ax.plot([], [], "|", color="#D55E00", ms=12, mew=2.5, label="always the same direction")
ax.margins(y=0.3)
ax.invert_yaxis()
ax.set(title="How often was the direction right?", xlabel="part of the steps")
ax.legend(loc="upper right")

# %%
# The same LSTM, the same checks, another verdict. So the code is fine, and the checks
# can be passed.
#
# But passing them shows that there is something to forecast, not that it takes an LSTM:
# ridge regression, a weighted sum of the past hours, does as well or nearly. (Hours
# follow each other, too, so the true interval is wider than the drawn one.) Where there
# is a calendar to use, :doc:`/gallery/2_forecasting/plot_1_forecast_traffic` shows what
# more there is to gain.
#
# Use it
# ------
# What can you say about tomorrow's price? Not where it goes, but about how far. Take
# the moves of the last year: nine of ten of them lie between two values. Did that hold
# on the days of the test?

tomorrow = forecasting.forecast(model, prices).iloc[0, 0]
moves = returns[name].rolling(250, min_periods=LOOKBACK)
lows, highs = moves.quantile(0.05), moves.quantile(0.95)  # known at the end of each day
before = test_returns.origins - 1
held = (lows.iloc[before] <= came[:, 0]) & (came[:, 0] <= highs.iloc[before])
print(f"range of nine days of ten: it held on {held.mean():.1%} of the test days")
last = prices[name].iloc[-1]
low, high = lows.iloc[-1], highs.iloc[-1]
reach = last * np.exp([low / 100, high / 100]) if percent else [last + low, last + high]
print(f"today {last:.2f} {UNIT}; tomorrow, as the LSTM says, {tomorrow:.2f} {UNIT}")
print("tomorrow, on about nine days of ten, {:.2f} to {:.2f}".format(*reach))

# %%
# Make it yours
# -------------
# Put your prices into the line that begins with ``prices =``, for example
# ``forecasting.read_series("prices.csv", columns="close")``, and read the four checks.
# If one of them is passed, look for the mistake first: a scale or a feature that has
# seen the future, a test set that was looked at too often. *Try:* another ``SEED``:
# other prices, the same verdict.
#
# My forecast comes too late. What can I do?
#
# - Compare with "tomorrow = today" first. If that is as good, nothing is broken.
# - Forecast the change, or the difference to a typical value, so that there is nothing
#   to copy.
# - Give the model what it cannot know from the series: the calendar, a weather
#   forecast, a plan (:doc:`/gallery/2_forecasting/plot_4_add_more_inputs`).
# - If there is nothing to know, say how far instead of where
#   (:doc:`/gallery/2_forecasting/plot_3_forecast_with_uncertainty`).
#
# .. dropdown:: Why is the error of the LSTM even larger than that of a copy?
#
#    It has to learn the copy from noisy examples, and its output is squeezed between -1
#    and 1. Prices outside the range of its training are the hardest to repeat.
#
# .. dropdown:: Real markets are no perfect random walk. Does the page prove too much?
#
#    It proves nothing about markets. It shows that the plot of the usual tutorial looks
#    the same when there is nothing to find. So the plot is no evidence; the four checks
#    are, and your own prices have to pass them.

plt.show()
