import re
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss

from simple_lstm import evaluation, models, preprocessing, training


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


def test_a_forecast_lacks_nothing_after_what_the_error_advises(hourly):
    known = preprocessing.calendar(hourly.index)
    train = preprocessing.make_windows(hourly, 12, 6, known_ahead=known)
    model = models.forecaster(train, units=2)
    with pytest.raises(ValueError, match="lacks 6 of the 6 times") as caught:
        models.forecast(model, hourly, known_ahead=known)
    advice = re.search(r"calendar\(.*\)", str(caught.value))[0]
    known = eval(f"preprocessing.{advice}", {**globals(), "history": hourly})
    for unit in ("s", "ms", "us", "ns"):  # those of the history may be others
        known = known.set_axis(known.index.as_unit(unit))
        coming = models.forecast(model, hourly, known_ahead=known)
        assert coming.index.equals(known.index[-6:].as_unit(hourly.index.unit))


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
        "23:00:00. Give it all of them; for the calendar: calendar(history.index, "
        "ahead=6)."
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
        "forecast: 1 values are missing (NaN, infinite or beyond 1e+30) in the 12 "
        "rows of history that the model reads. Fill them first: fill_gaps(frame, "
        "limit=...)."
    )


LEVELS = (0.05, 0.5, 0.95)


@pytest.fixture
def quantile_model(parts):
    """Builds an untrained model of quantiles, and the data that it takes."""
    train, _, _ = parts
    alone = preprocessing.make_windows(train.values, 12, 6, rows=train.rows)

    def build(kind, quantiles=LEVELS):
        windows = alone if kind == "past alone" else train
        correct = "guess" if kind == "correcting" else None
        model = models.forecaster(
            windows, correct=correct, quantiles=quantiles, units=4
        )
        return model, windows

    return build


def answers(model, windows):
    """What the model says of all windows; quicker than to trace it for predict."""
    inputs, _ = windows.batches(len(windows))[0]
    return np.asarray(model(inputs))


KINDS = ["past alone", "known ahead", "correcting"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quantiles", [(0.5,), LEVELS])
def test_there_is_an_answer_for_each_quantile_of_each_step(
    kind, quantiles, quantile_model
):
    model, windows = quantile_model(kind, quantiles)
    answer = answers(model, windows)
    assert answer.shape == (len(windows), 6, len(quantiles))


def shake(model):
    """Give a model large random weights."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 2, part.shape) for part in model.get_weights()])


@pytest.mark.parametrize("kind", KINDS)
def test_quantiles_never_cross_whatever_the_weights(kind, quantile_model):
    model, windows = quantile_model(kind)
    shake(model)
    answer = answers(model, windows)
    assert np.ptp(answer, axis=-1).min() > 0
    assert (np.diff(answer, axis=-1) >= 0).all()


def test_untrained_quantiles_of_a_correction_lie_around_the_guess(quantile_model):
    model, windows = quantile_model("correcting")
    low, middle, high = np.moveaxis(answers(model, windows), -1, 0)
    np.testing.assert_allclose(middle, windows.known[..., 2], rtol=1e-6)
    spread = windows.values[windows.rows, 0].std()
    np.testing.assert_allclose(high - middle, 0.45 * spread, rtol=1e-4)
    np.testing.assert_allclose(middle - low, 0.45 * spread, rtol=1e-4)


@pytest.mark.parametrize("horizon", [1, 6])
@pytest.mark.parametrize("quantiles", [(0.9,), LEVELS])
def test_the_loss_of_quantiles_is_that_of_scikit_learn(hourly, horizon, quantiles):
    windows = preprocessing.make_windows(hourly * 100, 12, horizon)
    model = models.forecaster(windows, units=4, quantiles=quantiles)
    shake(model)
    answer = answers(model, windows)
    due = np.mean(
        [
            mean_pinball_loss(windows.targets, answer[..., place], alpha=level)
            for place, level in enumerate(quantiles)
        ]
    )
    assert len(windows) % 128  # the last batch is smaller
    loss, metric = model.evaluate(windows.batches(128), verbose=0)
    assert metric == pytest.approx(due, rel=1e-4)
    spread = windows.values[windows.rows, 0].std()
    assert loss == pytest.approx(due / spread, rel=1e-4)


@pytest.mark.parametrize("ahead", [False, True])
def test_trained_quantiles_hold_as_much_as_they_say(ahead):
    noise = 50 + 10 * np.random.default_rng(0).normal(size=2000)
    known = np.zeros((2000, 1)) if ahead else None
    train, validation, test = (
        preprocessing.make_windows(noise, 3, 2, known_ahead=known, rows=rows)
        for rows in (slice(0, 1000), slice(1000, 1300), slice(1300, 2000))
    )
    model = models.forecaster(train, units=4, quantiles=(0.1, 0.9), learning_rate=0.03)
    training.fit(model, train, validation=validation, epochs=5)
    answer = answers(model, test)
    covered = evaluation.coverage(answer[..., 0], answer[..., 1], test.targets)
    assert covered == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(
    "quantiles", [(), (0.9, 0.1), (0.5, 0.5), (0, 0.5), (0.5, 1), (5, 95), (np.nan,)]
)
def test_quantiles_that_are_no_rising_levels_are_refused(parts, quantiles):
    with pytest.raises(ValueError, match="between 0 and 1, from low to high"):
        models.forecaster(parts[0], quantiles=quantiles)


def test_a_forecast_of_quantiles_has_a_column_for_each(quantile_model, hourly, parts):
    model, windows = quantile_model("known ahead")
    shake(model)
    known = parts[2]
    end = windows.rows.stop
    past, ahead = hourly[: end - 6], known[end - 6 : end]
    coming = models.forecast(model, past, known_ahead=ahead, quantiles=LEVELS)
    assert coming.columns.tolist() == ["5 %", "50 %", "95 %"]
    assert coming.index.equals(ahead.index)
    last = answers(model, windows)[-1]
    np.testing.assert_allclose(coming, last, rtol=1e-4)


def test_a_single_quantile_is_named_too(quantile_model, hourly):
    model, _ = quantile_model("past alone", [0.975])
    coming = models.forecast(model, hourly, quantiles=[0.975])
    assert coming.columns.tolist() == ["97.5 %"]


def test_levels_that_do_not_fit_the_model_are_refused(quantile_model, hourly):
    model, windows = quantile_model("past alone")
    for quantiles in (None, (0.5,), ()):
        with pytest.raises(ValueError, match="model answers 3 quantiles for each step"):
            models.forecast(model, hourly, quantiles=quantiles)
    plain = models.forecaster(windows, units=4)
    with pytest.raises(ValueError, match=r"no quantiles\. Leave quantiles out"):
        models.forecast(plain, hourly, quantiles=(0.5,))


def test_a_model_of_quantiles_saved_with_its_loss_does_not_open(
    quantile_model, tmp_path
):
    model, _ = quantile_model("past alone")
    model.save(tmp_path / "model.keras")
    with pytest.raises(TypeError, match="Could not locate class '_Pinball'"):
        keras.saving.load_model(tmp_path / "model.keras")


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


@pytest.mark.parametrize("kind", ["plain", "correcting", "quantiles", "classifier"])
def test_a_saved_model_answers_the_same_without_simple_lstm(kind, parts, tmp_path):
    train, _, _ = parts
    data = {"inputs": train.inputs[:4], "known": train.known[:4]}
    if kind == "correcting":
        model = models.forecaster(train, correct="guess", units=4)
        training.fit(model, train, validation=train, epochs=1)
    elif kind == "quantiles":
        model = models.forecaster(train, quantiles=LEVELS, units=4)
        shake(model)
        model = keras.Model(model.input, model.output)  # without its loss
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


def test_what_is_not_known_ahead_is_not_to_be_filled():
    hours = pd.date_range("2024-01-01", periods=60, freq="h")
    frame = pd.DataFrame({"x": np.arange(60.0)}, hours)
    known = pd.DataFrame({"weather": 1.0}, hours)
    train = preprocessing.make_windows(frame, 6, 2, known_ahead=known)
    model = models.forecaster(train, units=2)
    later = pd.date_range("2024-01-01", periods=62, freq="h")
    with pytest.raises(ValueError, match=r"2 values are missing.*cannot be such an"):
        models.forecast(model, frame, known_ahead=known.reindex(later))
