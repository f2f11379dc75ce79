"""The layer that numbers characters."""

from __future__ import annotations

import keras


def is_plain(lookup: keras.layers.StringLookup) -> bool:
    """Whether it gives each character one whole number, and 0 to all unknown ones."""
    settings = lookup.get_config()
    plain = {"num_oov_indices": 1, "mask_token": None, "output_mode": "int"}
    return all(settings[name] == value for name, value in plain.items())
