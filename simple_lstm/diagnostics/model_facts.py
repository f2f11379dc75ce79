"""What a compiled Keras model says of itself: shapes, losses, layers."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
from keras import layers


def loss_of(loss: Any) -> tuple[str, str]:
    """The name of a loss as Keras writes it, and the package that it is from."""
    if isinstance(loss, str):
        return loss, "keras"
    kind = loss if hasattr(loss, "__name__") else type(loss)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower().strip("_")
    return name, kind.__module__.split(".")[0]


def losses(model: Any) -> list[Any]:
    """The loss of each output, in their order; None where an output has none."""
    given, outputs = model.loss, len(model.outputs)
    if isinstance(given, dict):
        given = [given.get(name) for name in output_names(model)]
    if isinstance(given, list | tuple):
        return list(given) if len(given) == outputs else [None] * outputs
    return [given] * outputs


def setting(loss: Any, name: str) -> Any:
    """What a loss of Keras was told, such as ``from_logits``; None if nothing."""
    return loss.get_config().get(name) if isinstance(loss, keras.losses.Loss) else None


def align(given: Any, names: list[str]) -> list[Any] | None:
    """What belongs to each input or output, in their order; None if not as many."""
    if isinstance(given, dict):
        return [given[name] for name in names] if set(names) == set(given) else None
    several = isinstance(given, list | tuple) and (
        len(names) > 1 or (len(given) == 1 and np.ndim(given[0]) > 0)
    )
    parts = list(given) if several else [given]
    return parts if len(parts) == len(names) else None


def input_names(model: Any) -> list[str]:
    """The names by which data for a model may come."""
    return _names(getattr(model, "input", None), model.inputs) or [
        tensor.name for tensor in model.inputs
    ]


def output_names(model: Any) -> list[str]:
    """The names by which targets and losses may come."""
    names = _names(getattr(model, "output", None), model.outputs)
    return names or [_maker(tensor).name for tensor in model.outputs]


def fits(came: tuple[int, ...], due: tuple[int | None, ...]) -> bool:
    """Whether a shape is the one that is due, where None stands for any size."""
    return len(came) == len(due) and all(
        size in (None, length) for length, size in zip(came, due, strict=True)
    )


def parts_of(model: Any) -> list[layers.Layer]:
    """All layers, those inside other models, too."""
    return model._flatten_layers()


def cutter_of(model: Any) -> dict[str, Any]:
    """The settings of the layer that cuts texts into words; empty if not just one."""
    kind = layers.TextVectorization
    cutters = [part for part in parts_of(model) if isinstance(part, kind)]
    return cutters[0].get_config() if len(cutters) == 1 else {}


def last_layer(tensor: Any) -> Any:
    """The layer that an output comes from, also if that is inside another model."""
    operation = _maker(tensor)
    while len(getattr(operation, "outputs", ())) == 1:
        operation = _maker(operation.outputs[0])
    wrapped = isinstance(operation, layers.TimeDistributed)
    return operation.layer if wrapped else operation


def activation_of(layer: Any) -> str | None:
    """The name of what a last layer does to its numbers; None if that is unknown."""
    if isinstance(layer, layers.Softmax | layers.ReLU):
        return type(layer).__name__.lower()
    if not isinstance(layer, layers.Dense | layers.Activation):
        return None
    name = getattr(layer.activation, "__name__", "")
    return name if getattr(keras.activations, name, None) is layer.activation else None


def _maker(tensor: Any) -> Any:
    return tensor._keras_history.operation


def _names(structure: Any, tensors: list[Any]) -> list[str]:
    named = structure if isinstance(structure, dict) else {}
    return [name for one in tensors for name, own in named.items() if own is one]
