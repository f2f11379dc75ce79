"""Models of characters: what they know, what they answer, and their files."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from simple_lstm import characters

TEXTS = ["to be or not to be\n", "that is\tthe question: 'é' \"映\" \\ \\n\r\n"]


def sharp(model):
    """The model with large weights, so that each character matters to its answers."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def find(model, kind):
    """The one layer of this kind."""
    (found,) = (layer for layer in model.layers if isinstance(layer, kind))
    return found


def test_a_nul_is_no_character_of_the_vocabulary():
    model = characters.character_model(["a\0b"], units=1)
    assert vocabulary_of(model) == ["a", "b"]


def vocabulary_of(model):
    return [str(name) for name in find(model, layers.StringLookup).get_vocabulary()[1:]]


def answers(model):
    # One row each: rows of a batch are equally long.
    return [
        np.asarray(model(tf.constant([["", *text]])))[0] for text in [*TEXTS, "né?w"]
    ]


def test_a_model_knows_the_characters_of_its_texts_in_their_order():
    model = characters.character_model(TEXTS, units=2)
    assert vocabulary_of(model) == sorted(set("".join(TEXTS)))
    assert {"\n", "\r", "\t", " ", "'", '"', "\\", "é", "映"} < set(
        vocabulary_of(model)
    )


def test_each_character_has_a_number_of_its_own():
    model = characters.character_model(TEXTS, units=2)
    numbers = find(model, layers.StringLookup)(tf.constant(["", *vocabulary_of(model)]))
    assert numbers.numpy().tolist() == list(range(len(vocabulary_of(model)) + 1))


def test_answers_are_probabilities_of_what_comes_after_each_character():
    model = sharp(characters.character_model(TEXTS, units=4))
    for chances, text in zip(answers(model), [*TEXTS, "né?w"], strict=True):
        assert chances.shape == (1 + len(text), 1 + len(set("".join(TEXTS))))
        assert (chances >= 0).all()
        np.testing.assert_allclose(chances.sum(axis=-1), 1, rtol=1e-5)


def test_a_later_character_changes_no_earlier_answer():
    model = sharp(characters.character_model(TEXTS, units=4))
    whole, start = (
        np.asarray(model(tf.constant([["", *text]])))[0] for text in ("to be", "to")
    )
    np.testing.assert_allclose(whole[:3], start, atol=1e-6)


def test_the_same_seed_builds_the_same_model():
    first, same, other = (
        characters.character_model(TEXTS, units=3, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


@pytest.mark.parametrize("rows", [None, 2])
def test_a_saved_model_opens_in_safe_mode_with_every_character(rows, tmp_path):
    model = sharp(characters.character_model(TEXTS, units=4, batch_size=rows))
    model.save(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert vocabulary_of(opened) == vocabulary_of(model)
    batch = tf.constant([list(TEXTS[0])] * (rows or 1))
    np.testing.assert_allclose(opened(batch), model(batch), rtol=1e-5)


IN_A_FRESH_PROCESS = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import json, keras, numpy as np, tensorflow as tf
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
texts = json.load(open(sys.argv[2], encoding="utf-8"))
np.savez(sys.argv[3], *[model(tf.constant([["", *text]]))[0] for text in texts])
"""


def test_a_saved_model_answers_the_same_without_simple_lstm(tmp_path):
    model = sharp(characters.character_model(TEXTS, units=4))
    paths = [str(tmp_path / name) for name in ("model.keras", "in.json", "out.npz")]
    model.save(paths[0])
    asked = json.dumps([*TEXTS, "né?w"])
    (tmp_path / "in.json").write_text(asked, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, *paths], check=True, timeout=120
    )
    came = np.load(paths[2])
    for number, due in enumerate(answers(model)):
        np.testing.assert_allclose(came[f"arr_{number}"], due, rtol=1e-4, atol=1e-7)


def test_models_are_made_of_stock_layers():
    model = characters.character_model(TEXTS, units=2, batch_size=2)
    modules = {type(layer).__module__.split(".")[0] for layer in model.layers}
    assert modules == {keras.__name__}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("to be", "this is one text; give a list of them"),
        ([], "there is no character in the texts"),
        (["", ""], "there is no character in the texts"),
        (["to be", float("nan")], "1 of the 2 texts are not text; the first is nan"),
    ],
)
def test_a_model_of_no_characters_is_refused(texts, message):
    with pytest.raises(ValueError, match=f"character_model: {message}"):
        characters.character_model(texts)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_answers_have_full_precision_under_any_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = characters.character_model(["to be or not to be"], units=4)
        said = model(tf.constant([list("not to be")]))
    finally:
        keras.config.set_dtype_policy(before)
    assert said.dtype == ("float64" if policy == "float64" else "float32")
    np.testing.assert_allclose(np.sum(said, axis=-1), 1, rtol=1e-5)
