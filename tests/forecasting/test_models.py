import re
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_pinball_loss

from simple_lstm import forecasting


@pytest.fixture
def parts(hourly):
    """Windows with the calendar and a first guess as covariates, and these."""
    times = pd.date_range(hourly.index[0], periods=524, freq="h")
    known = forecasting.calendar_features(times).iloc[:, :2]
    known["guess"] = 8 + 3 * known["day_sin"]
    split = forecasting.time_split(hourly)
    train, validation, _ = forecasting.make_windows(
        hourly, 12, 6, future_covariates=known, split=split, batch_size=32
    )
    return train, validation, known


def test_an_untrained_model_of_a_residual_is_the_guess(parts):
    train, _, _ = parts
    model = forecasting.forecaster(train, residual_of="guess", units=4)
    forecast = model.predict(train, verbose=0)
    np.testing.assert_allclose(forecast, train.future[..., 2], rtol=1e-6)


def test_the_residual_is_learned(parts):
    train, validation, _ = parts
    model = forecasting.forecaster(
        train, residual_of="guess", units=8, learning_rate=0.01
    )
    before = model.evaluate(validation, verbose=0)[1]
    model.fit(train.shuffled(), validation_data=validation, epochs=4, verbose=0)
    after = model.evaluate(validation, verbose=0)[1]
    assert after < 0.5 * before


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_series_of_any_scale_learns_as_well(hourly, scale):
    series = hourly[["sales"]] * scale
    split = forecasting.time_split(series)
    train, validation, _ = forecasting.make_windows(
        series, 12, 3, split=split, batch_size=32
    )
    model = forecasting.forecaster(train, units=8, learning_rate=0.01)
    history = model.fit(
        train.shuffled(), validation_data=validation, epochs=8, verbose=0
    )
    spread = float(series["sales"].std())
    assert min(history.history["val_mae"]) < 0.35 * spread


def test_the_scale_comes_from_the_training_rows_alone(hourly):
    split = forecasting.time_split(hourly)
    changed = hourly.copy()
    changed.iloc[split.train.stop :] = 1e6
    built = [
        forecasting.forecaster(
            forecasting.make_windows(frame, 12, 3, rows=split.train), units=4
        )
        for frame in (hourly, changed)
    ]
    inputs = hourly.to_numpy(np.float32)[np.newaxis, :12]
    np.testing.assert_array_equal(*(model(inputs) for model in built))


def test_a_column_that_never_changes_does_no_harm(hourly):
    series = hourly.assign(snow=0.3)
    train = forecasting.make_windows(series, 12, 3, rows=slice(0, 300))
    model = forecasting.forecaster(train, units=4)
    history = model.fit(train.shuffled(), validation_data=train, epochs=1, verbose=0)
    assert np.isfinite(history.history["val_loss"]).all()
    snow = train.past[:1].copy()
    snow[..., 2] = 1.0
    assert np.abs(model(snow) - model(train.past[:1])).max() < 10


def test_the_same_seed_builds_the_same_model(parts):
    train, _, _ = parts
    first, same, other = (
        forecasting.forecaster(train, units=4, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


def test_a_forecast_begins_one_step_after_the_last_row(parts, hourly):
    train, _, known = parts
    model = forecasting.forecaster(train, residual_of="guess", units=4)
    coming = forecasting.forecast(model, hourly, future_covariates=known)
    expected = pd.date_range("2024-01-21 20:00", periods=6, freq="h", name="time")
    pd.testing.assert_index_equal(coming.index, expected)
    np.testing.assert_allclose(
        coming["forecast"], known["guess"].loc[expected], rtol=1e-6
    )


def test_a_forecast_is_what_the_model_says_of_the_last_window(hourly):
    train = forecasting.make_windows(hourly, 12, 6)
    model = forecasting.forecaster(train, units=4)
    past = hourly.iloc[:-6]
    coming = forecasting.forecast(model, past)
    last = model.predict(train.past[-1:], verbose=0)[0]
    np.testing.assert_allclose(coming["forecast"], last, rtol=1e-5)


def test_monthly_forecasts_fall_on_the_first_of_the_month():
    months = pd.date_range("2020-01-01", periods=40, freq="MS")
    frame = pd.DataFrame({"x": np.arange(40.0)}, index=months)
    model = forecasting.forecaster(forecasting.make_windows(frame, 6, 3), units=4)
    assert forecasting.forecast(model, frame).index.tolist() == [
        pd.Timestamp(day) for day in ("2023-05-01", "2023-06-01", "2023-07-01")
    ]


def test_a_forecast_lacks_nothing_after_what_the_error_advises(hourly):
    known = forecasting.calendar_features(hourly.index)
    train = forecasting.make_windows(hourly, 12, 6, future_covariates=known)
    model = forecasting.forecaster(train, units=2)
    with pytest.raises(ValueError, match="lacks 6 of the 6 times") as caught:
        forecasting.forecast(model, hourly, future_covariates=known)
    advice = re.search(r"calendar_features\(.*\)", str(caught.value))[0]
    known = eval(f"forecasting.{advice}", {**globals(), "history": hourly})
    for unit in ("s", "ms", "us", "ns"):  # those of the history may be others
        known = known.set_axis(known.index.as_unit(unit))
        coming = forecasting.forecast(model, hourly, future_covariates=known)
        assert coming.index.equals(known.index[-6:].as_unit(hourly.index.unit))


def test_what_a_forecast_lacks_is_named(parts, hourly):
    train, _, known = parts
    model = forecasting.forecaster(train, units=4)

    def message(*arguments, **options):
        with pytest.raises(ValueError, match="forecast") as caught:
            forecasting.forecast(model, *arguments, **options)
        return str(caught.value)

    assert message(hourly) == (
        "forecast: this model was trained with future covariates; give "
        "future_covariates=... with the times from 2024-01-21 20:00:00 to 2024-01-22 "
        "01:00:00."
    )
    assert message(hourly, future_covariates=known[:503]) == (
        "forecast: future_covariates lacks 3 of the 6 times to come, first 2024-01-21 "
        "23:00:00. Give all; for the calendar: "
        "calendar_features(history.index, ahead=6)."
    )
    assert message(hourly[["sales"]], future_covariates=known) == (
        "forecast: of history the model needs 12 rows of 2 columns, but there are 12 "
        "rows of 1 columns (sales)."
    )
    assert "are 5 rows" in message(hourly.head(5), future_covariates=known)
    text = hourly.assign(noise="wet")
    assert message(text, future_covariates=known) == (
        "forecast: column 'noise' of history does not hold numbers."
    )
    assert "history is a ndarray" in message(hourly.to_numpy())
    gap = hourly.copy()
    gap.iloc[-3, 0] = np.nan
    assert message(gap, future_covariates=known) == (
        "forecast: 1 values are missing (NaN, infinite or beyond 1e+30) in the 12 "
        "rows of history that the model reads. Fill them first: fill_gaps(frame, "
        "limit=...)."
    )


LEVELS = (0.05, 0.5, 0.95)


@pytest.fixture
def quantile_model(parts):
    """Builds an untrained model of quantiles, and the data that it takes."""
    train, _, _ = parts
    alone = forecasting.make_windows(train.values, 12, 6, rows=train.rows)

    def build(kind, quantiles=LEVELS):
        windows = alone if kind == "past alone" else train
        residual_of = "guess" if kind == "residual" else None
        model = forecasting.forecaster(
            windows, residual_of=residual_of, quantiles=quantiles, units=4
        )
        return model, windows

    return build


def answers(model, windows):
    """What the model says of all windows; quicker than to trace it for predict."""
    future = windows.future
    past = windows.past
    inputs = past if future is None else {"past": past, "future": future}
    return np.asarray(model(inputs))


KINDS = ["past alone", "covariates", "residual"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quantiles", [(0.5,), LEVELS])
def test_there_is_an_answer_for_each_quantile_of_each_step(
    kind, quantiles, quantile_model
):
    model, windows = quantile_model(kind, quantiles)
    answer = answers(model, windows)
    assert answer.shape == (len(windows.origins), 6, len(quantiles))


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


def test_untrained_quantiles_of_a_residual_lie_around_the_guess(quantile_model):
    model, windows = quantile_model("residual")
    low, middle, high = np.moveaxis(answers(model, windows), -1, 0)
    np.testing.assert_allclose(middle, windows.future[..., 2], rtol=1e-6)
    spread = windows.values[windows.rows, 0].std()
    np.testing.assert_allclose(high - middle, 0.45 * spread, rtol=1e-4)
    np.testing.assert_allclose(middle - low, 0.45 * spread, rtol=1e-4)


@pytest.mark.parametrize("horizon", [1, 6])
@pytest.mark.parametrize("quantiles", [(0.9,), LEVELS])
def test_the_loss_of_quantiles_is_that_of_scikit_learn(hourly, horizon, quantiles):
    windows = forecasting.make_windows(hourly * 100, 12, horizon, batch_size=128)
    model = forecasting.forecaster(windows, units=4, quantiles=quantiles)
    shake(model)
    answer = answers(model, windows)
    due = np.mean(
        [
            mean_pinball_loss(windows.targets, answer[..., place], alpha=level)
            for place, level in enumerate(quantiles)
        ]
    )
    assert len(windows.origins) % 128  # the last batch is smaller
    loss, metric = model.evaluate(windows, verbose=0)
    assert metric == pytest.approx(due, rel=1e-4)
    spread = windows.values[windows.rows, 0].std()
    assert loss == pytest.approx(due / spread, rel=1e-4)


@pytest.mark.parametrize("ahead", [False, True])
def test_trained_quantiles_hold_as_much_as_they_say(ahead):
    noise = 50 + 10 * np.random.default_rng(0).normal(size=2000)
    known = np.zeros((2000, 1)) if ahead else None
    train, validation, test = (
        forecasting.make_windows(noise, 3, 2, future_covariates=known, rows=rows)
        for rows in (slice(0, 1000), slice(1000, 1300), slice(1300, 2000))
    )
    model = forecasting.forecaster(
        train, units=4, quantiles=(0.1, 0.9), learning_rate=0.03
    )
    model.fit(train.shuffled(), validation_data=validation, epochs=5, verbose=0)
    answer = answers(model, test)
    low, high = answer[..., 0], answer[..., 1]
    covered = np.mean((low <= test.targets) & (test.targets <= high))
    assert covered == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(
    "quantiles", [(), (0.9, 0.1), (0.5, 0.5), (0, 0.5), (0.5, 1), (5, 95), (np.nan,)]
)
def test_quantiles_that_are_no_rising_levels_are_refused(parts, quantiles):
    with pytest.raises(ValueError, match="between 0 and 1, from low to high"):
        forecasting.forecaster(parts[0], quantiles=quantiles)


def test_a_forecast_of_quantiles_has_a_column_for_each(quantile_model, hourly, parts):
    model, windows = quantile_model("covariates")
    shake(model)
    known = parts[2]
    end = windows.rows.stop
    past, ahead = hourly[: end - 6], known[end - 6 : end]
    coming = forecasting.forecast(
        model, past, future_covariates=ahead, quantiles=LEVELS
    )
    assert coming.columns.tolist() == ["5 %", "50 %", "95 %"]
    assert coming.index.equals(ahead.index)
    last = answers(model, windows)[-1]
    np.testing.assert_allclose(coming, last, rtol=1e-4)


def test_a_single_quantile_is_named_too(quantile_model, hourly):
    model, _ = quantile_model("past alone", [0.975])
    coming = forecasting.forecast(model, hourly, quantiles=[0.975])
    assert coming.columns.tolist() == ["97.5 %"]


def test_levels_that_do_not_fit_the_model_are_refused(quantile_model, hourly):
    model, windows = quantile_model("past alone")
    for quantiles in (None, (0.5,), ()):
        with pytest.raises(ValueError, match="model answers 3 quantiles for each step"):
            forecasting.forecast(model, hourly, quantiles=quantiles)
    plain = forecasting.forecaster(windows, units=4)
    with pytest.raises(ValueError, match=r"no quantiles\. Leave quantiles out"):
        forecasting.forecast(plain, hourly, quantiles=(0.5,))


def test_a_model_of_quantiles_saved_with_its_loss_does_not_open(
    quantile_model, tmp_path
):
    model, _ = quantile_model("past alone")
    model.save(tmp_path / "model.keras")
    with pytest.raises(TypeError, match="Could not locate class '_Pinball'"):
        keras.saving.load_model(tmp_path / "model.keras")


def test_a_guess_that_is_no_covariate_is_refused(parts):
    train, _, _ = parts
    with pytest.raises(ValueError, match="no future covariate 'gess'"):
        forecasting.forecaster(train, residual_of="gess")
    alone = forecasting.make_windows(np.arange(50.0), 5, 2)
    with pytest.raises(ValueError, match="these windows have no future covariates"):
        forecasting.forecaster(alone, residual_of="guess")


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


@pytest.mark.parametrize("kind", ["plain", "residual", "quantiles"])
def test_a_saved_model_answers_the_same_without_simple_lstm(kind, parts, tmp_path):
    train, _, _ = parts
    data = {"past": train.past[:4], "future": train.future[:4]}
    if kind == "residual":
        model = forecasting.forecaster(train, residual_of="guess", units=4)
        model.fit(train.shuffled(), validation_data=train, epochs=1, verbose=0)
    elif kind == "quantiles":
        model = forecasting.forecaster(train, quantiles=LEVELS, units=4)
        shake(model)
        model = keras.Model(model.input, model.output)  # without its loss
    else:
        del data["future"]
        alone = forecasting.make_windows(train.values, 12, 6)
        model = forecasting.forecaster(alone, units=4)
    answer = model.predict(data if len(data) > 1 else data["past"], verbose=0)
    paths = [str(tmp_path / name) for name in ("model.keras", "in.npz", "out.npy")]
    model.save(paths[0])
    np.savez(paths[1], **data)
    subprocess.run([sys.executable, "-c", READ, *paths], check=True, timeout=120)
    np.testing.assert_allclose(np.load(paths[2]), answer, rtol=1e-5)


def test_models_are_made_of_stock_layers(parts):
    train, _, _ = parts
    model = forecasting.forecaster(train, residual_of="guess", units=4)
    origins = {type(layer).__module__.split(".")[0] for layer in model.layers}
    assert origins == {keras.__name__}


def test_what_is_not_future_covariates_is_not_to_be_filled():
    hours = pd.date_range("2024-01-01", periods=60, freq="h")
    frame = pd.DataFrame({"x": np.arange(60.0)}, hours)
    known = pd.DataFrame({"weather": 1.0}, hours)
    train = forecasting.make_windows(frame, 6, 2, future_covariates=known)
    model = forecasting.forecaster(train, units=2)
    later = pd.date_range("2024-01-01", periods=62, freq="h")
    with pytest.raises(ValueError, match=r"2 values are missing.*cannot be such an"):
        forecasting.forecast(model, frame, future_covariates=known.reindex(later))
