"""Samples that stand in train and validation are listed until the split is right."""

import re
from functools import partial

import numpy as np
import pytest
import small_models
from keras import layers
from small_models import of_texts

from simple_lstm import characters, datasets, forecasting
from simple_lstm.diagnostics import diagnose

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 12, 1))
Y = RNG.normal(size=60)
TWO = np.arange(60) % 2
model = partial(small_models.model, shape=(12, 1))


def listed(found):
    return [row.what for row in found.suspicions]


@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_validation_that_overlaps_is_split_by_the_remedy(kind):
    inputs, targets, made = X, Y, model()
    if kind == "texts":
        inputs = np.array(
            [f"the film was number {n} of them" for n in range(60)], object
        )
        targets, made = TWO, of_texts()
    part = (inputs[40:], targets[40:])
    train, validation = (inputs, targets), part
    found = diagnose(made, train, validation)
    (row,) = found.suspicions
    assert re.match(
        r"\d+ of \d+ samples of validation looked at stand in train", row.what
    )
    names = {"inputs": inputs, "targets": targets}
    exec(row.code, names)
    again = diagnose(made, names["train"], names["validation"])
    assert listed(again) == []
    made.fit(*names["train"], validation_data=names["validation"], verbose=0)


def test_windows_that_overlap_are_split_by_the_remedy():
    series = np.sin(np.arange(190.0) ** 1.5)
    train, made = forecasting.make_windows(series, 12, 1), model()
    (row,) = diagnose(made, train, train).suspicions
    names = {"series": series, "lookback": 12, "horizon": 1, "forecasting": forecasting}
    exec(row.code, names)
    assert listed(diagnose(made, names["train"], names["validation"])) == []
    made.fit(names["train"], validation_data=names["validation"], verbose=0)


HOURS = np.arange(1500)
WALK = np.cumsum(RNG.normal(size=1500))
AGAIN = {  # series whose values come again by chance or by nature
    "flat": np.zeros(1500),
    "periodic": np.sin(HOURS % 24 * np.pi / 12),
    "a long period": RNG.normal(size=243)[HOURS % 243],
    "whole numbers": RNG.integers(0, 100, 1500).astype(float),
    "tenths": WALK.round(1),
    "held": np.repeat(RNG.normal(size=375), 4),
}


def windows_of(series, stride=1):
    windows = np.lib.stride_tricks.sliding_window_view(series, 12)[:-1:stride]
    return windows[..., np.newaxis], series[12::stride]


def split(order, inputs, targets):
    cut = len(order) * 8 // 10
    return [(inputs[part], targets[part]) for part in (order[:cut], order[cut:])]


@pytest.mark.parametrize("series", [WALK, RNG.normal(size=1500)])
def test_windows_that_were_mixed_before_the_split_are_split_by_the_remedy(series):
    inputs, targets = windows_of(series)
    made = model(first=[layers.Normalization(mean=0, variance=series.var() + 100)])
    mixed = RNG.permutation(len(inputs))
    (row,) = diagnose(made, *split(mixed, inputs, targets)).suspicions
    assert row.what.startswith("most samples of validation looked at have their time")
    names = {"series": series, "lookback": 12, "horizon": 1, "forecasting": forecasting}
    exec(row.code, names)
    assert listed(diagnose(made, names["train"], names["validation"])) == []


@pytest.mark.parametrize("kind", ["in time", "short", "before"])
def test_windows_that_were_split_in_time_are_taken(kind):
    inputs, targets = windows_of(WALK / 10)
    train, validation = split(np.arange(len(inputs)), inputs, targets)
    if kind == "short":  # all of its windows reach back into train
        validation = validation[0][:8], validation[1][:8]
    parts = (validation, train) if kind == "before" else (train, validation)
    assert listed(diagnose(model(), *parts)) == []


@pytest.mark.parametrize("stride", [1, 12])
@pytest.mark.parametrize("kind", AGAIN)
def test_values_that_come_again_are_not_taken_for_mixed_windows(kind, stride):
    inputs, targets = windows_of(AGAIN[kind], stride)
    mixed = RNG.permutation(len(inputs))
    found = listed(diagnose(model(), *split(mixed, inputs, targets)))
    assert "have their time steps in" not in str(found)


def test_windows_of_one_series_are_compared_by_their_places():
    series = RNG.normal(size=20_000)
    train = forecasting.make_windows(series, 12, 1, rows=slice(0, 16_000))
    validation = forecasting.make_windows(series, 12, 1, rows=slice(10_000, 20_000))
    (row,) = diagnose(model(), train.shuffled(), validation).suspicions
    same = 16_000 - 10_000  # targets at 10,000 to 15,999
    assert row.what.startswith(f"{same:,} of 10,000 samples of validation stand in")
    later = forecasting.make_windows(series, 12, 1, rows=slice(16_000, 20_000))
    assert listed(diagnose(model(), train, later)) == []


def test_streams_of_characters_that_overlap_are_split_by_the_remedy():
    texts = ["".join(RNG.choice(list("abcdefgh"), 30)) for _ in range(40)]
    made = characters.character_model(texts, units=2, batch_size=2)

    def stream(part):
        return characters.CharacterStreams(part, made, time_steps=8)

    (row,) = diagnose(made, stream(texts), stream(texts)).suspicions
    names = {"texts": texts, "datasets": datasets}
    exec(row.code, names)
    found = diagnose(made, stream(names["train"]), stream(names["validation"]))
    assert listed(found) == []


def test_short_texts_and_flat_stretches_come_up_again_by_chance():
    texts = np.array(["good", "bad film", "so so", "the best film"] * 15, dtype=object)
    found = diagnose(of_texts(), (texts, TWO), (texts[:20], TWO[:20]))
    assert listed(found) == []
    flat = np.concatenate([X[:40], np.full((20, 12, 1), 0.7)])
    assert listed(diagnose(model(), (flat, Y), (flat[40:], Y[40:]))) == []
