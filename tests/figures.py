"""What figures are drawn of, and how one is read."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import RendererAgg

from simple_lstm import cell, evaluation

HISTORY = SimpleNamespace(
    history={
        "loss": [3.0, 2, 1],
        "val_loss": [3.0, 1, 2],
        "mae": [6.0, 4, 2],
        "val_mae": [7, 5, 6],
    }
)


@dataclass
class SomeWindows:
    """All that a figure asks of windows, of one series and one covariate."""

    values: np.ndarray
    future: np.ndarray
    lookback: int = 5
    horizon: int = 3
    target: int = 0
    columns: tuple[str, ...] = ("sales",)
    future_columns: tuple[str, ...] = ("price",)

    @property
    def origins(self):
        return np.arange(self.lookback, len(self.values) - self.horizon + 1)

    def past_at(self, origins):
        return self.values[origins[:, np.newaxis] + np.arange(-self.lookback, 0)]

    def targets_at(self, origins):
        rows = origins[:, np.newaxis] + np.arange(self.horizon)
        return self.values[rows, self.target]

    def future_at(self, origins):
        return self.future[origins[:, np.newaxis] + np.arange(self.horizon)]

    def future_column(self, name):
        return self.future_columns.index(name)


def some_windows(**options):
    values = np.arange(50.0)[:, np.newaxis]
    return SomeWindows(values, 2 * values, **options)


def board_of(models, baselines, y_true=(1.0, 2.0), unit="m"):
    return evaluation.Scoreboard(
        y_true, models, baselines=baselines, metric="MAE", unit=unit
    )


def small_trace(units=4, features=4, time_steps=6):
    x = np.random.default_rng(0).normal(size=(2, time_steps, features))
    return cell.forward(x, cell.Weights.random(features, units))


def luminance(color):
    """Relative luminance of red, green and blue from 0 to 1, as WCAG 2 defines it."""
    color = np.asarray(color)
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(color, other):
    light, dark = sorted([luminance(color), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def chances(characters, seed=0):
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(characters)))
    return pd.Series(drawn, index=list(characters), name="probability")


def drawn_strings(ax, monkeypatch):
    """What is drawn of the text of a figure, and whether it is taken for a formula."""
    found = {}

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        found[s] = found.get(s, False) or bool(ismath)
        return original(self, gc, x, y, s, prop, angle, ismath, mtext)

    original = RendererAgg.draw_text
    monkeypatch.setattr(RendererAgg, "draw_text", draw_text)
    ax.figure.canvas.draw()
    return found
