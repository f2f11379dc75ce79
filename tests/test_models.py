import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

from simple_lstm import models, preprocessing, training


@pytest.fixture
def parts(hourly):
    """Windows with the calendar and a first guess known ahead, and what is known."""
    times = pd.date_range(hourly.index[0], periods=524, freq="h")
    known = preprocessing.calendar(times).iloc[:, :2]
    known["guess"] = 8 + 3 * known["day_sin"]
    split = preprocessing.time_split(hourly)
    train, validation = (
        preprocessing.make_windows(hourly, 12, 6, known_ahead=known, rows=rows)
        for rows in (split.train, split.validation)
    )
    return train, validation, known


def test_an_untrained_correction_is_the_guess(parts):
    train, _, _ = parts
    model = models.forecaster(train, correct="guess", units=4)
    forecast = model.predict(train.batches(), verbose=0)
    np.testing.assert_allclose(forecast, train.known[..., 2], rtol=1e-6)


def test_the_correction_is_learned(parts):
    train, validation, _ = parts
    model = models.forecaster(train, correct="guess", units=8, learning_rate=0.01)
    before = model.evaluate(validation.batches(), verbose=0)[1]
    training.fit(model, train, validation=validation, epochs=4, batch_size=32)
    after = model.evaluate(validation.batches(), verbose=0)[1]
    assert after < 0.5 * before


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_series_of_any_scale_learns_as_well(hourly, scale):
    series = hourly[["sales"]] * scale
    split = preprocessing.time_split(series)
    train, validation = (
        preprocessing.make_windows(series, 12, 3, rows=rows)
        for rows in (split.train, split.validation)
    )
    model = models.forecaster(train, units=8, learning_rate=0.01)
    history = training.fit(model, train, validation=validation, epochs=8, batch_size=32)
    spread = float(series["sales"].std())
    assert history.table["val_mae"].min() < 0.35 * spread


def test_the_scale_comes_from_the_training_rows_alone(hourly):
    split = preprocessing.time_split(hourly)
    changed = hourly.copy()
    changed.iloc[split.train.stop :] = 1e6
    built = [
        models.forecaster(
            preprocessing.make_windows(frame, 12, 3, rows=split.train), units=4
        )
        for frame in (hourly, changed)
    ]
    inputs = hourly.to_numpy(np.float32)[np.newaxis, :12]
    np.testing.assert_array_equal(*(model(inputs) for model in built))


def test_a_column_that_never_changes_does_no_harm(hourly):
    series = hourly.assign(snow=0.3)
    train = preprocessing.make_windows(series, 12, 3, rows=slice(0, 300))
    model = models.forecaster(train, units=4)
    history = training.fit(model, train, validation=train, epochs=1)
    assert np.isfinite(history.table.to_numpy()).all()
    snow = train.inputs[:1].copy()
    snow[..., 2] = 1.0
    assert np.abs(model(snow) - model(train.inputs[:1])).max() < 10


@pytest.mark.parametrize(("classes", "outputs"), [(2, 1), (5, 5)])
def test_a_classifier_has_the_outputs_its_classes_need(classes, outputs):
    sequences = 100 + np.random.default_rng(0).normal(size=(20, 7, 3))
    model = models.sequence_classifier(sequences, classes=classes, units=4)
    probabilities = model.predict(sequences, verbose=0)
    assert probabilities.shape == (20, outputs)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    if classes > 2:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_a_classifier_learns_to_remember():
    rng = np.random.default_rng(0)
    sequences = rng.normal(50, 10, size=(600, 12, 1))
    labels = (sequences[:, 0, 0] > 50).astype(int)  # the first step decides
    model = models.sequence_classifier(sequences, units=16, learning_rate=0.02)
    training.fit(
        model,
        (sequences[:500], labels[:500]),
        validation=(sequences[500:], labels[500:]),
        epochs=8,
        batch_size=32,
    )
    _, accuracy = model.evaluate(sequences[500:], labels[500:], verbose=0)
    assert accuracy > 0.85


def test_the_same_seed_builds_the_same_model(parts):
    train, _, _ = parts
    first, same, other = (
        models.forecaster(train, units=4, seed=seed).get_weights() for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


def test_a_forecast_begins_one_step_after_the_last_row(parts, hourly):
    train, _, known = parts
    model = models.forecaster(train, correct="guess", units=4)
    coming = models.forecast(model, hourly, known_ahead=known)
    expected = pd.date_range("2024-01-21 20:00", periods=6, freq="h", name="time")
    pd.testing.assert_index_equal(coming.index, expected)
    np.testing.assert_allclose(
        coming["forecast"], known["guess"].loc[expected], rtol=1e-6
    )


def test_a_forecast_is_what_the_model_says_of_the_last_window(hourly):
    train = preprocessing.make_windows(hourly, 12, 6)
    model = models.forecaster(train, units=4)
    past = hourly.iloc[:-6]
    coming = models.forecast(model, past)
    last = model.predict(train.inputs[-1:], verbose=0)[0]
    np.testing.assert_allclose(coming["forecast"], last, rtol=1e-5)


def test_monthly_forecasts_fall_on_the_first_of_the_month():
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    frame = pd.DataFrame({"x": np.arange(40.0)}, index=months)
    model = models.forecaster(preprocessing.make_windows(frame, 6, 3), units=4)
    assert models.forecast(model, frame).index.tolist() == [
        pd.Timestamp(day) for day in ("2023-05-01", "2023-06-01", "2023-07-01")
    ]


def test_what_a_forecast_lacks_is_named(parts, hourly):
    train, _, known = parts
    model = models.forecaster(train, units=4)

    def message(*arguments, **options):
        with pytest.raises(ValueError, match="forecast") as caught:
            models.forecast(model, *arguments, **options)
        return str(caught.value)

    assert message(hourly) == (
        "forecast: this model was trained with something known ahead; give "
        "known_ahead=... with the times from 2024-01-21 20:00:00 to 2024-01-22 "
        "01:00:00."
    )
    assert message(hourly, known_ahead=known[:503]) == (
        "forecast: known_ahead lacks 3 of the 6 times to come, first 2024-01-21 "
        "23:00:00."
    )
    assert message(hourly[["sales"]], known_ahead=known) == (
        "forecast: of history the model needs 12 rows of 2 columns, but there are 12 "
        "rows of 1 columns (sales)."
    )
    assert "are 5 rows" in message(hourly.head(5), known_ahead=known)
    text = hourly.assign(noise="wet")
    assert message(text, known_ahead=known) == (
        "forecast: column 'noise' of history does not hold numbers."
    )
    assert "history is a ndarray" in message(hourly.to_numpy())
    gap = hourly.copy()
    gap.iloc[-3, 0] = np.nan
    assert message(gap, known_ahead=known) == (
        "forecast: 1 values are missing (NaN or infinite) in the 12 rows of history "
        "that the model reads. Fill them first: fill_gaps(frame, limit=...)."
    )


def test_wrong_shapes_are_refused(parts):
    train, _, _ = parts
    with pytest.raises(ValueError, match=r"\(20, 7\); expected \(samples, time_steps"):
        models.sequence_classifier(np.zeros((20, 7)))
    with pytest.raises(ValueError, match="must be at least 2"):
        models.sequence_classifier(np.zeros((20, 7, 1)), classes=1)
    with pytest.raises(ValueError, match="no column 'gess' known ahead"):
        models.forecaster(train, correct="gess")
    alone = preprocessing.make_windows(np.arange(50.0), 5, 2)
    with pytest.raises(ValueError, match="these windows know nothing ahead"):
        models.forecaster(alone, correct="guess")


READ = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import keras, numpy
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
inputs = dict(numpy.load(sys.argv[2]))
if len(inputs) == 1:
    (inputs,) = inputs.values()
numpy.save(sys.argv[3], model.predict(inputs, verbose=0))
"""


@pytest.mark.parametrize("kind", ["plain", "correcting", "classifier"])
def test_a_saved_model_answers_the_same_without_simple_lstm(kind, parts, tmp_path):
    train, _, _ = parts
    data = {"inputs": train.inputs[:4], "known": train.known[:4]}
    if kind == "correcting":
        model = models.forecaster(train, correct="guess", units=4)
        training.fit(model, train, validation=train, epochs=1)
    else:
        del data["known"]
        alone = preprocessing.make_windows(train.values, 12, 6)
        build = {
            "plain": lambda: models.forecaster(alone, units=4),
            "classifier": lambda: models.sequence_classifier(alone.inputs, units=4),
        }
        model = build[kind]()
    answer = model.predict(data if len(data) > 1 else data["inputs"], verbose=0)
    paths = [str(tmp_path / name) for name in ("model.keras", "in.npz", "out.npy")]
    model.save(paths[0])
    np.savez(paths[1], **data)
    subprocess.run([sys.executable, "-c", READ, *paths], check=True, timeout=120)
    np.testing.assert_allclose(np.load(paths[2]), answer, rtol=1e-5)


def test_models_are_made_of_stock_layers(parts):
    train, _, _ = parts
    for model in (
        models.forecaster(train, correct="guess", units=4),
        models.sequence_classifier(train.inputs, units=4),
    ):
        assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {
            keras.__name__
        }
