"""Data of all kinds: batches, texts in many languages, more digits than float32."""

import re
from functools import partial

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers
from small_models import RNG, TEXTS, TWO, X, Y, model, of_texts, refused, stateful

from simple_lstm import forecasting
from simple_lstm.diagnostics import diagnose


def test_texts_beside_gaps_are_taken_when_the_gaps_are_left_out():
    texts = np.array([None, *TEXTS[1:]], dtype=object)
    keep = pd.notna(texts)
    diagnose(of_texts(), (texts[keep], TWO[keep]))


@pytest.mark.parametrize("data", [X, None, "numbers", [X, Y], (X, Y, Y, Y)])
def test_what_is_no_pair_and_no_dataset_is_refused(data):
    assert "expected a pair (inputs, targets)" in refused(model(), data)
    assert diagnose(model(), (X, Y)).looked_at == "24 samples of train"


@pytest.mark.parametrize(
    "data",
    [
        (X[:0], Y[:0]),
        ([], []),
        (np.zeros((0, 4, 1)), np.zeros((0, 1))),
        tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).take(0),
    ],
)
def test_no_samples_are_refused(data):
    assert "no samples" in refused(model(), data)


def test_inputs_and_targets_must_be_as_many_in_validation_too():
    text = refused(model(), (X, Y), (X[:5], Y[:4]))
    assert text.startswith("diagnose: validation has 5 inputs but 4 targets. Give one ")


def test_a_dataset_without_targets_is_refused():
    batches = tf.data.Dataset.from_tensor_slices(X).batch(8)
    assert "hold inputs alone; expected pairs" in refused(model(), batches)


def test_weights_of_samples_may_come_along():
    weighted = (X, Y, np.ones(24))
    batches = tf.data.Dataset.from_tensor_slices(weighted).batch(8)
    for data in (weighted, batches):
        assert diagnose(model(), data).suspicions == ()


@pytest.mark.parametrize("place", [0, 9, 20])
def test_what_is_missing_is_found_in_each_batch_that_is_read(place):
    holed_there = X.copy()
    holed_there[place] = np.nan
    batches = tf.data.Dataset.from_tensor_slices((holed_there, Y)).batch(8)
    text = refused(model(), batches)
    assert "4 values are missing" in text
    assert text.endswith("leave out their samples before you make the dataset.")
    whole = np.delete(holed_there, place, axis=0), np.delete(Y, place)
    learns(model(), tf.data.Dataset.from_tensor_slices(whole).batch(8))


def test_batches_of_another_size_are_refused_and_mended():
    batches = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    text = refused(stateful(6), batches)
    assert "come in batches of 8, but the model takes 6 at a time" in text
    assert (
        "Make batches of 6, or begin the model with keras.Input(batch_shape=(8, "
        in text
    )
    sixes = tf.data.Dataset.from_tensor_slices((X, Y)).batch(6)
    for made, data in [(stateful(6), sixes), (stateful(8), batches)]:
        diagnose(made, data)
        made.fit(data, shuffle=False, verbose=0)


def stateful_windows(size, windows=10):
    train = forecasting.make_windows(RNG.normal(size=windows + 4), 4, 1, batch_size=6)
    train.batch_size = size
    return train


def learns(made, data):
    diagnose(made, data)
    assert np.isfinite(made.fit(data, shuffle=False, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(("windows", "best"), [(100, 25), (16, 8), (50, 25)])
def test_a_smaller_last_batch_of_windows_gets_a_size_that_divides(windows, best):
    size = 32 if windows > 32 else 12
    text = refused(stateful(size), stateful_windows(size, windows))
    assert f"but the last batch has {windows % size}, and the model takes" in text
    assert f"keras.Input(batch_shape=({best}, ...)), and make such batches" in text
    learns(stateful(best), stateful_windows(best, windows))


def test_where_no_size_divides_a_few_windows_are_left_out():
    text = refused(stateful(32), stateful_windows(32, 97))
    assert "Leave out 1 of the 97 samples" in text
    learns(stateful(32), stateful_windows(32, 97 - 1))


def test_a_smaller_last_batch_of_tensorflow_is_dropped_by_the_advice():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y))
    text = refused(stateful(10), dataset.batch(10))
    assert "come in batches of 10, but the last batch has 4" in text
    advice = re.search(r"Leave it out: (.*)\.$", text)[1]
    learns(stateful(10), eval(advice, {"dataset": dataset}))


def test_where_no_size_divides_the_last_samples_of_arrays_are_left_out():
    inputs, targets = RNG.normal(size=(97, 4, 1)), RNG.normal(size=97)
    text = refused(stateful(32), (inputs, targets))
    assert "Leave out the last 1, and fit it with batch_size=32: keep = " in text
    names = {"inputs": inputs, "targets": targets}
    exec(text.split("batch_size=32: ")[1].removesuffix("."), names)
    assert len(names["inputs"]) == 96
    diagnose(stateful(32), (names["inputs"], names["targets"]))
    stateful(32).fit(names["inputs"], names["targets"], batch_size=32, verbose=0)


@pytest.mark.parametrize(("samples", "size", "best"), [(5, 32, 5), (26, 4, 2)])
def test_samples_that_fill_no_batch_get_a_model_for_fewer(samples, size, best):
    inputs, targets = RNG.normal(size=(samples, 4, 1)), RNG.normal(size=samples)
    text = refused(stateful(size), (inputs, targets))
    assert f"fit it with batch_size={best}, which divides the {samples} samples" in text
    diagnose(stateful(best), (inputs, targets))
    stateful(best).fit(inputs, targets, batch_size=best, verbose=0)


class Files(keras.utils.PyDataset):
    """Batches that can be read in any order, one of which is damaged."""

    def __len__(self):
        return 9

    def __getitem__(self, index):
        if index == 4:
            raise ValueError("file 4 is damaged")
        return X, Y


def test_an_error_of_the_reader_is_not_hidden():
    with pytest.raises(ValueError, match="file 4 is damaged"):
        diagnose(model(), Files())


@pytest.mark.parametrize("kind", [None, "lstm", layers.LSTM(2)])
def test_what_is_no_model_is_refused(kind):
    assert "expected a keras.Model" in refused(kind, (X, Y))


def test_batches_of_different_length_are_each_looked_at():
    def batches(targets):
        for steps in (3, 5, 4):
            yield np.ones((2, steps, 1), "float32"), targets

    signature = (tf.TensorSpec((None, None, 1)), tf.TensorSpec(None))
    made = model(shape=(None, 1))

    def dataset(targets):
        return tf.data.Dataset.from_generator(
            partial(batches, targets), output_signature=signature
        )

    found = diagnose(made, dataset(np.zeros(2, "float32")))
    assert found.looked_at == "1 batch of train (2 samples)"
    assert "have shape (2, 3)" in refused(made, dataset(np.zeros((2, 3), "float32")))


def test_windows_in_float64_need_a_model_in_float64():
    meter = 187_654_321 + np.cumsum(RNG.integers(5, 20, 90)).astype(float)
    train = forecasting.make_windows(meter, 4, 1)
    assert train.targets.dtype == np.float64
    text = refused(model(), train)
    assert text.startswith(
        "diagnose: the inputs of train hold float64, because float32"
    )
    advice = (
        'keras.Input((4, 1), dtype="float64")',
        'keras.layers.Normalization(dtype="float64")',
        'keras.layers.Rescaling(spread, offset=level, dtype="float64")',
        'keras.losses.MeanAbsoluteError(dtype="float64")',
    )
    names = {"keras": keras, "level": meter.mean(), "spread": meter.std()}
    assert all(code in text for code in advice)
    start, scale, back, loss = (eval(code, names) for code in advice)
    scale.adapt(train.past)
    made = keras.Sequential([start, scale, layers.LSTM(2), layers.Dense(1), back])
    made.compile("adam", loss, loss_weights=[1 / meter.std()], run_eagerly=True)
    assert diagnose(made, train).suspicions == ()
    made.fit(train, verbose=0)


def test_ordinary_numbers_in_float64_are_taken():
    noise_of_float64 = np.where(X > 0, 0.3, 0.1 + 0.2)
    both = np.concatenate([X, noise_of_float64], axis=-1)
    found = diagnose(model(shape=(4, 2)), (both, 20 + Y))
    assert not [row for row in found.suspicions if "float" in row.what]


HOURS = np.arange(480)
ORDINARY = {
    "years": 2024 + HOURS / 480,
    "kelvin": 300 + 0.1 * RNG.normal(size=480),
    "pascal": 101_325 + 10 * RNG.normal(size=480),
}


@pytest.mark.parametrize("unit", ORDINARY)
def test_units_with_a_level_are_taken_as_arrays(unit):
    inputs = ORDINARY[unit].reshape(120, 4, 1)
    scale = layers.Normalization()
    scale.adapt(inputs)
    found = diagnose(model(first=[scale]), (inputs, RNG.normal(size=120)))
    assert found.suspicions == ()


NORMAL = {
    "English": ["A well made film, and funny.", "Incomprehensibly overproduced!"],
    "German": ["Die Sehenswürdigkeiten", "Donaudampfschifffahrtsgesellschaft", "Gut."],
    "code": ["self.assertEqual(response.status_code, 200)", "x = [f(y) for y in z]"],
    "addresses": ["https://www.example.org/a/very/long/path/to/something?query=1"],
    "names of things": ["customer_support_request", "refund", "delivery-date-changed"],
    "Chinese, in words": ["这 部 电影 非常 好看", "剧情 太 糟糕 了 。", "很 无聊"],
    "Thai, in words": ["หนัง เรื่อง นี้ สนุก มาก"],
    "Korean": ["이 영화는 정말 재미있었어요", "너무 지루했습니다"],
    "Hindi": ["यह फ़िल्म बहुत अच्छी है", "कहानी बेकार थी"],
}
WITHOUT_SPACES = {
    "Chinese, short": ["非常好看", "太难看了", "不错", "演员很好"],
    "Japanese": ["この映画はとても面白かったです。", "この映画はつまらない"],
    "Thai": ["หนังเรื่องนี้สนุกมาก", "หนังเรื่องนี้น่าเบื่อมากจริงๆ"],
    "Korean, glued": ["이영화는정말재미있었어요", "이영화는너무지루했습니다"],
    "DNA": ["ACGTTGCAACGGTATACGCATTAGCA" * 2, "TTGACGATTACAGGCATCAGCATTACG" * 2],
}


@pytest.mark.parametrize("language", [*NORMAL, *WITHOUT_SPACES])
def test_languages_with_spaces_are_taken_and_those_without_are_not(language):
    few = (NORMAL | WITHOUT_SPACES)[language]
    texts = np.array((few * 24)[:24], dtype=object)
    if language in NORMAL:
        found = diagnose(of_texts(), (texts, TWO))
        assert "no spaces" not in str(found.suspicions)
    else:
        text = refused(of_texts(), (texts, TWO))
        assert "most of the texts have no spaces" in text
        diagnose(of_texts(split="character"), (texts, TWO))
