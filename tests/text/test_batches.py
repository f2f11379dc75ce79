"""Texts and labels for Keras: in order, or shuffled for training."""

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm.text import TextBatches, text_classifier


def read(batch):
    """The texts and labels of a batch as lists."""
    texts, labels = batch
    return [text.decode() for text in texts.numpy()], labels.tolist()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 12))
@settings(deadline=None, max_examples=40)
def test_each_pass_holds_every_text_once_with_its_label(lengths, batch_size):
    texts = [f"{number} " + "word " * n for number, n in enumerate(lengths)]
    batches = TextBatches(
        texts, np.arange(len(texts)), batch_size=batch_size
    ).shuffled()
    for _ in range(3):
        came = [read(batches[number]) for number in range(len(batches))]
        assert all(len(labels) <= batch_size for _, labels in came)
        assert sum(len(labels) < batch_size for _, labels in came) <= 1
        pairs = [pair for batch in came for pair in zip(*batch, strict=True)]
        assert sorted(pairs, key=lambda pair: pair[1]) == list(
            zip(texts, range(len(texts)), strict=True)
        )
        batches.on_epoch_end()


def padding(batches):
    """Steps that hold no word, if each batch is as wide as its longest text."""
    lengths = [np.array([len(text.split()) for text in texts]) for texts in batches]
    return sum((batch.max() - batch).sum() for batch in lengths)


def texts_of_many_lengths(samples=600):
    lengths = np.random.default_rng(0).geometric(0.05, samples)
    return [f"w{number} " + "word " * n for number, n in enumerate(lengths)]


def test_batches_of_like_length_need_little_padding():
    texts = texts_of_many_lengths()
    batches = TextBatches(texts, np.zeros(600), batch_size=32).shuffled()
    order = np.random.default_rng(1).permutation(600)
    at_random = [[texts[n] for n in order[i : i + 32]] for i in range(0, 600, 32)]
    assert padding(read(batch)[0] for batch in batches) < 0.1 * padding(at_random)


def test_texts_without_spaces_need_little_padding():
    lengths = np.random.default_rng(0).geometric(0.05, 600)
    whole = TextBatches(["好" * n for n in lengths], np.zeros(600), batch_size=32)
    batches = whole.shuffled(split="character")
    spread = [
        max(map(len, texts)) - min(map(len, texts)) for texts, _ in map(read, batches)
    ]
    assert np.median(spread) <= 2


def test_the_longest_batch_may_come_at_any_time():
    batches = TextBatches(
        texts_of_many_lengths(), np.zeros(600), batch_size=100
    ).shuffled()
    places = set()
    for _ in range(30):
        longest = [max(map(len, read(batches[number])[0])) for number in range(6)]
        places.add(int(np.argmax(longest)))
        batches.on_epoch_end()
    assert places == set(range(6))


def test_texts_of_one_length_meet_others_in_every_pass():
    batches = TextBatches(list("abcdefghijkl"), range(12), batch_size=3).shuffled()
    passes = []
    for _ in range(2):
        passes.append({frozenset(read(batch)[1]) for batch in batches})
        batches.on_epoch_end()
    assert passes[0] != passes[1]


def test_the_order_of_batches_repeats_with_the_seed():
    def two_passes(seed):
        whole = TextBatches(texts_of_many_lengths(), np.arange(600), batch_size=32)
        batches = whole.shuffled(seed=seed)
        passes = []
        for _ in range(2):
            passes.append([read(batches[n])[1] for n in range(len(batches))])
            batches.on_epoch_end()
        return passes

    assert two_passes(1) == two_passes(1)
    assert two_passes(1) != two_passes(2)
    assert two_passes(1)[0] != two_passes(1)[1]


def test_labels_may_have_several_numbers():
    labels = np.eye(5)
    whole = TextBatches(list("abcde"), labels, batch_size=2)
    for texts, rows in map(read, [*whole, *whole.shuffled()]):
        for text, row in zip(texts, rows, strict=True):
            assert row == labels["abcde".index(text)].tolist()


def test_batches_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match=r"batch_size=0\): a batch needs at least 1"):
        TextBatches(["good"], [1], batch_size=0)
    with pytest.raises(ValueError, match=r"2 texts, but labels of shape \(1,\); give"):
        TextBatches(["good", "bad"], [1])
    with pytest.raises(ValueError, match=r"1 texts, but labels of shape \(\)"):
        TextBatches(["good"], 1)
    with pytest.raises(ValueError, match="TextBatches: there are no texts"):
        TextBatches([], [])
    with pytest.raises(ValueError, match="shuffled: split='words'; choose"):
        TextBatches(["good"], [1]).shuffled(split="words")


def test_one_text_is_not_taken_for_a_list_of_letters():
    with pytest.raises(ValueError, match="TextBatches: this is one text"):
        TextBatches("a good film", np.zeros(11))


@pytest.mark.parametrize(
    "texts",
    [["good", None], [None, "good"], ["good", float("nan")]],
    ids=["None", "None first", "NaN"],
)
def test_what_is_no_text_is_named(texts):
    with pytest.raises(ValueError, match="TextBatches: 1 of the 2 texts are not text"):
        TextBatches(texts, [1, 0])


@given(st.lists(st.text(max_size=5), min_size=1, max_size=30), st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_batches_keep_the_order_of_the_texts(texts, batch_size):
    batches = TextBatches(texts, np.arange(len(texts)), batch_size=batch_size)
    for _ in range(2):  # a pass changes nothing
        came = [read(batch) for batch in batches]
        assert [text for texts, _ in came for text in texts] == texts
        assert [n for _, labels in came for n in labels] == list(range(len(texts)))
        assert {len(texts) for texts, _ in came[:-1]} <= {batch_size}
        batches.on_epoch_end()


@pytest.mark.parametrize("whole", [True, False])
def test_a_batch_that_is_not_there_is_refused(whole):
    batches = TextBatches(["good", "bad", "film"], [1, 0, 1], batch_size=2)
    with pytest.raises(IndexError):
        (batches if whole else batches.shuffled())[2]


def reader_of_numbers():
    """A model that says the number that a text is, and learns nothing."""
    model = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            keras.layers.StringLookup(vocabulary=list(map(str, range(50)))),
            keras.layers.Rescaling(1.0, offset=-1.0),
            keras.layers.Reshape((1,)),
            keras.layers.Dense(1, kernel_initializer="ones"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.0), "mae")
    return model


def test_predictions_come_in_the_order_of_the_labels_time_and_again():
    numbers = np.random.default_rng(0).permutation(50)
    batches = TextBatches(list(map(str, numbers)), numbers, batch_size=8)
    model = reader_of_numbers()
    for _ in range(2):
        predicted = model.predict(batches, verbose=0)[:, 0]
        np.testing.assert_array_equal(predicted, batches.labels)
        assert model.evaluate(batches, verbose=0) == 0
        model.fit(batches.shuffled(), epochs=2, verbose=0)


def test_training_and_evaluation_pair_each_text_with_its_label():
    numbers = np.random.default_rng(0).permutation(50)
    batches = TextBatches(list(map(str, numbers)), numbers, batch_size=8)
    history = reader_of_numbers().fit(
        batches.shuffled(), validation_data=batches, epochs=3, verbose=0
    )
    assert history.history == {"loss": [0, 0, 0], "val_loss": [0, 0, 0]}


@pytest.mark.parametrize(
    "kind",
    [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series],
    ids=["list", "tuple", "array of str", "array of objects", "series"],
)
def test_texts_come_in_any_sequence(kind):
    texts = ["a good film", "a bad film", "a good plot", "a bad plot"] * 2
    batches = TextBatches(kind(texts), [1, 0] * 4, batch_size=3)
    model = text_classifier(kind(texts), units=2)
    losses = model.fit(batches.shuffled(), validation_data=batches, verbose=0).history
    assert np.isfinite([losses["loss"], losses["val_loss"]]).all()
    assert model.predict(batches, verbose=0).shape == (8, 1)


def test_a_dataset_says_what_it_holds():
    batches = TextBatches(["good", "bad", "film"], [1, 0, 1], batch_size=2)
    assert repr(batches) == "3 texts, in batches of 2"
    assert repr(batches.shuffled()).startswith("3 texts, in batches of 2, in a new")
