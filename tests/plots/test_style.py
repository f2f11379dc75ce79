"""What holds for every figure."""

import inspect
import subprocess
import sys
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from figures import (
    HISTORY,
    board_of,
    chances,
    drawn_strings,
    small_trace,
    some_windows,
)

from simple_lstm import plots


def test_a_figure_goes_where_it_is_told():
    fig, axes = plt.subplots(1, 2)
    assert plots.scoreboard(board_of({}, {"it": [2, 2]}), ax=axes[1]) is axes[1]
    assert plots.history(HISTORY, ax=axes[0]) is axes[0]
    assert plt.get_fignums() == [fig.number]


def draw_windows(name):
    windows = some_windows(columns=(name,), future_columns=(name,))
    return plots.windows(windows, covariate=name, unit=name, step=name)


def draw_forecast(name):
    times = pd.date_range("2024-01-01", periods=6, freq="h")
    past = pd.Series([1.0, 2, 3], times[:3], name=name)
    band = pd.DataFrame({name: [1.0, 2, 3], "high": [4.0, 5, 6]}, times[3:])
    forecasts = {name: band["high"]}
    return plots.forecast(past, forecasts, interval=band, unit=name, title=name)


def draw_scoreboard(name):
    return plots.scoreboard(board_of({"model": [1, 3]}, {name: [4, 5]}, unit=name))


HOSTILE = ["a $ b $ c", "$x_1$", "\\$", "{", "%", "&", "<b>", "\n", "$5$", "$", "US$"]


FIGURES = {
    "history": lambda name: plots.history(HISTORY, unit=name),
    "windows": draw_windows,
    "forecast": draw_forecast,
    "scoreboard": draw_scoreboard,
    "confusion": lambda name: plots.confusion([0, 1], [1, 1], classes=[name, "b"]),
    "next_characters": lambda name: plots.next_characters({name: chances("ab")}),
    "gates": lambda name: plots.gates(small_trace(), labels=[name] * 6),
    "gates, one unit": lambda name: plots.gates(
        small_trace(features=2), units=[0], labels=[name] * 6
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_no_name_is_taken_for_a_formula(draw, name, monkeypatch):
    found = drawn_strings(draw(name), monkeypatch)
    assert not any(found.values())
    for line in name.split("\n"):
        assert any(line in text for text in found)


def test_every_figure_is_tested_with_names_that_are_not_formulas():
    drawn = {
        name
        for name in plots.__all__
        if inspect.isfunction(getattr(plots, name))
        and "ax" in inspect.signature(getattr(plots, name)).parameters
    }
    assert drawn == {name.split(",")[0] for name in FIGURES} | {"cell_step"}


def test_names_of_two_units_are_not_joined_to_a_formula(monkeypatch):
    times = pd.date_range("2024-01-01", periods=3, freq="h")
    past = pd.Series([1.0, 2, 3], times, name="price in US$")
    found = drawn_strings(plots.forecast(past, {}, unit="$"), monkeypatch)
    assert found["price in US$ ($)"] is False


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_logarithmic_axes_keep_their_exponents(axis, when, monkeypatch):
    _, ax = plt.subplots()
    scale = {f"{axis}scale": "log"}
    if when == "before":
        ax.set(**scale)
    thousands = {
        name: np.multiply(1000, values) for name, values in HISTORY.history.items()
    }
    plots.history(SimpleNamespace(history=thousands), ax=ax)
    ax.set(**scale, **{f"{axis}lim": (1e-3, 1e4)})
    found = drawn_strings(ax, monkeypatch)
    exponents = [text for text in found if "mathdefault" in text]
    assert exponents
    assert all(found[text] for text in exponents)


def test_formulas_that_somebody_else_wrote_stay_formulas(monkeypatch):
    _, ax = plt.subplots()
    ax.text(2, 2, r"$\sigma$")
    found = drawn_strings(plots.history(HISTORY, ax=ax), monkeypatch)
    assert found[r"$\sigma$"] is True


LOADED = """
import sys
from simple_lstm import plots
for name in plots.__all__:
    getattr(plots, name)
rooms = ["forecasting", "text", "characters"]
names = [f"simple_lstm.{room}" for room in rooms] + ["keras", "tensorflow"]
print([name for name in names if name in sys.modules])
"""


def test_figures_need_no_task_and_no_keras():
    ran = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr
