"""The LSTM in NumPy: forward, and backward through time.

One time step of a layer of ``units`` is these six equations. Each is a line of `step`:

====================================================  ===============================
``i = sigmoid(x W_i + h U_i + b_i)``                  input gate: how much is written
``f = sigmoid(x W_f + h U_f + b_f)``                  forget gate: how much is kept
``g = tanh(x W_g + h U_g + b_g)``                     candidate: what may be written
``o = sigmoid(x W_o + h U_o + b_o)``                  output gate: how much is shown
``c = f c + i g``                                     cell state: the memory
``h = o tanh(c)``                                     hidden state: what comes out
====================================================  ===============================

The four matrices of a kind stand side by side in one, in the order of Keras: input,
forget, candidate, output. Weights and results are those of `keras.layers.LSTM` with its
default activations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from simple_lstm._keras_layers import as_array, computes


@dataclass(frozen=True, eq=False, repr=False)
class Weights:
    """All that an LSTM layer has learned, in the layout of Keras.

    Each array holds four blocks of ``units`` columns, for the input gate, the forget
    gate, the candidate and the output gate. The sizes are ``weights.features`` and
    ``weights.units``.

    Attributes
    ----------
    kernel : numpy.ndarray, shape (features, 4 units)
        Applied to the input ``x``.
    recurrent_kernel : numpy.ndarray, shape (units, 4 units)
        Applied to the last hidden state.
    bias : numpy.ndarray, shape (4 units,)
        Added.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> from simple_lstm import cell
    >>> cell.Weights.random(features=3, units=5)
    Weights(features=3, units=5)
    """

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray

    def __post_init__(self) -> None:
        for name in ("kernel", "recurrent_kernel", "bias"):
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        came = [self.kernel.shape, self.recurrent_kernel.shape, self.bias.shape]
        units = came[1][0] if len(came[1]) == 2 else 0
        features = came[0][0] if len(came[0]) == 2 else 0
        due = [(features, 4 * units), (units, 4 * units), (4 * units,)]
        if came != due or not features or not units:
            raise ValueError(
                f"Weights: kernel, recurrent_kernel and bias have shapes "
                f"{', '.join(map(str, came))}; expected (features, 4 units), (units, "
                "4 units) and (4 units,)."
            )

    def __repr__(self) -> str:
        return f"Weights(features={self.features}, units={self.units})"

    @property
    def features(self) -> int:
        """Numbers that come in at each time step."""
        return len(self.kernel)

    @property
    def units(self) -> int:
        """Numbers in the cell state, and in the hidden state."""
        return len(self.recurrent_kernel)

    @classmethod
    def from_keras(cls, layer: Any) -> Weights:
        """Copies of the weights of a Keras layer.

        Parameters
        ----------
        layer : keras.layers.LSTM or keras.layers.LSTMCell
            Built (a layer of a model is), with tanh and sigmoid as activations. Without
            a bias, the bias is zeros.

        Returns
        -------
        Weights
            In the precision of the layer's weights; half precision becomes float32.

        Raises
        ------
        ValueError
            If it is another kind of layer or a class made from one, its activations
            compute something else, or it is not built.

        Examples
        --------
        >>> import keras
        >>> from simple_lstm import cell
        >>> layer = keras.layers.LSTM(4)
        >>> layer.build((None, 10, 2))
        >>> cell.Weights.from_keras(layer)
        Weights(features=2, units=4)
        """
        import keras  # late: all else here needs NumPy alone

        name = f"{type(layer).__name__} {getattr(layer, 'name', '')!r}"
        if type(layer) not in (keras.layers.LSTM, keras.layers.LSTMCell):
            raise ValueError(
                f"Weights.from_keras: the {name} is not an LSTM of Keras itself, and "
                "may compute otherwise. Give a keras.layers.LSTM: of a model "
                "model.get_layer(name), of a Bidirectional its forward_layer or "
                "backward_layer, of an RNN its cell."
            )
        arrays = layer.get_weights()
        if not arrays:
            raise ValueError(
                f"Weights.from_keras: the {name} has no weights yet. Call it once, or "
                "layer.build((None, time_steps, features))."
            )
        _check_activations(layer, name)
        kernel, recurrent_kernel, *rest = map(as_array, arrays)
        bias = rest[0] if rest else np.zeros_like(kernel[0])
        return cls(kernel, recurrent_kernel, bias)

    @classmethod
    def random(cls, features: int, units: int, *, seed: int = 0) -> Weights:
        """Weights to start training from, drawn as Keras draws them.

        The kernel is Glorot-uniform, the recurrent kernel orthogonal, the bias zero but
        for the forget gate, where it is one: at the start more is kept than lost.

        Parameters
        ----------
        features : int
            Numbers that come in at each time step.
        units : int
            Numbers in the cell state.
        seed : int
            The same seed gives the same weights.

        Returns
        -------
        Weights
            In float64.

        References
        ----------
        Glorot, X., & Bengio, Y. (2010). Understanding the difficulty of training deep
        feedforward neural networks. *AISTATS*, 249-256.

        Saxe, A. M., McClelland, J. L., & Ganguli, S. (2014). Exact solutions to the
        nonlinear dynamics of learning in deep linear neural networks. *ICLR*.

        Jozefowicz, R., Zaremba, W., & Sutskever, I. (2015). An empirical exploration of
        recurrent network architectures. *ICML*, 2342-2350. (The forget bias of one.)
        """
        if features < 1 or units < 1:
            raise ValueError(
                f"Weights.random(features={features}, units={units}): both must be at "
                "least 1."
            )
        rng = np.random.default_rng(seed)
        limit = np.sqrt(6 / (features + 4 * units))
        kernel = rng.uniform(-limit, limit, (features, 4 * units))
        orthogonal, triangular = np.linalg.qr(rng.normal(size=(4 * units, units)))
        recurrent_kernel = (orthogonal * np.sign(np.diag(triangular))).T
        bias = np.zeros(4 * units)
        bias[units : 2 * units] = 1
        return cls(kernel, recurrent_kernel, bias)


class Step(NamedTuple):
    """What happens inside in one time step.

    Attributes
    ----------
    input, forget, candidate, output : numpy.ndarray, shape (…, units)
        The input gate, the forget gate, the candidate and the output gate.
    cell, hidden : numpy.ndarray, shape (…, units)
        The two states after the step.
    """

    input: np.ndarray
    forget: np.ndarray
    candidate: np.ndarray
    output: np.ndarray
    cell: np.ndarray
    hidden: np.ndarray


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What happens inside an LSTM at every time step of a sequence.

    Attributes
    ----------
    x : numpy.ndarray, shape (…, time_steps, features)
        What came in.
    weights : Weights
        What the layer knows.
    state : tuple of two numpy.ndarray, each of shape (…, units)
        The hidden state and the cell state before the first time step.
    input, forget, output : numpy.ndarray, shape (…, time_steps, units)
        The three gates, from 0 (closed) to 1 (open).
    candidate : numpy.ndarray, shape (…, time_steps, units)
        What may be written, from -1 to 1.
    cell, hidden : numpy.ndarray, shape (…, time_steps, units)
        The two states after each time step; ``hidden`` is what the layer gives out.
    """

    x: np.ndarray
    weights: Weights
    state: tuple[np.ndarray, np.ndarray]
    input: np.ndarray
    forget: np.ndarray
    candidate: np.ndarray
    output: np.ndarray
    cell: np.ndarray
    hidden: np.ndarray

    def __repr__(self) -> str:
        *samples, time_steps, features = self.x.shape
        first = f"samples={samples[0]}, " if samples else ""
        return (
            f"Trace({first}time_steps={time_steps}, features={features}, "
            f"units={self.weights.units})"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Gradients:
    """How a loss changes with each weight (summed over samples) and each input.

    Attributes
    ----------
    kernel, recurrent_kernel, bias : numpy.ndarray
        In the shapes of the `Weights`.
    x : numpy.ndarray, shape (…, time_steps, features)
        In the shape of the input.
    """

    kernel: np.ndarray
    recurrent_kernel: np.ndarray
    bias: np.ndarray
    x: np.ndarray

    def __repr__(self) -> str:
        return f"Gradients(features={len(self.kernel)}, units={len(self.bias) // 4})"


def step(x: np.ndarray, state: tuple[np.ndarray, np.ndarray], weights: Weights) -> Step:
    """Take one time step.

    Nothing is checked here, so that it stays quick; `forward` checks.

    Parameters
    ----------
    x : numpy.ndarray, shape (…, features)
        What comes in.
    state : tuple of two numpy.ndarray, each of shape (…, units)
        The hidden state and the cell state before this step.
    weights : Weights
        What the layer knows.

    Returns
    -------
    Step
        Gates, candidate, and the new cell and hidden state, each (…, units).

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import cell
    >>> weights = cell.Weights.random(features=1, units=2)
    >>> now = cell.step(np.ones(1), (np.zeros(2), np.zeros(2)), weights)
    >>> bool(np.all(now.cell == now.input * now.candidate))
    True
    """
    hidden, cell = state
    total = x @ weights.kernel + hidden @ weights.recurrent_kernel + weights.bias
    to_input, to_forget, to_candidate, to_output = np.split(total, 4, axis=-1)
    input = _sigmoid(to_input)
    forget = _sigmoid(to_forget)
    candidate = np.tanh(to_candidate)
    output = _sigmoid(to_output)
    cell = forget * cell + input * candidate
    hidden = output * np.tanh(cell)
    return Step(input, forget, candidate, output, cell, hidden)


def forward(
    x: np.ndarray,
    weights: Weights,
    *,
    state: tuple[np.ndarray, np.ndarray] | None = None,
) -> Trace:
    """Read a whole sequence, and keep all that happens inside.

    Parameters
    ----------
    x : numpy.ndarray, shape (time_steps, features) or (samples, time_steps, features)
        One sequence, or several of the same length.
    weights : Weights
        What the layer knows.
    state : tuple of two numpy.ndarray, each of shape (units,) or (samples, units)
        The hidden state and the cell state to start from, of one sequence or of each;
        zeros if not given.

    Returns
    -------
    Trace
        In the precision of ``x`` and ``weights``: float32 if both are.

    Raises
    ------
    ValueError
        If a shape does not fit, the sequence has no time step, or values are missing.

    References
    ----------
    Hochreiter, S., & Schmidhuber, J. (1997). Long short-term memory. *Neural
    Computation*, 9(8), 1735-1780.

    Gers, F. A., Schmidhuber, J., & Cummins, F. (2000). Learning to forget: Continual
    prediction with LSTM. *Neural Computation*, 12(10), 2451-2471. (The forget gate.)

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import cell
    >>> weights = cell.Weights.random(features=1, units=4)
    >>> cell.forward(np.ones((10, 1)), weights).hidden.shape
    (10, 4)
    """
    if not isinstance(weights, Weights):
        raise ValueError(
            f"forward: weights is a {type(weights).__name__}; give forward(x, weights) "
            "with cell.Weights."
        )
    x = _checked_input(np.asarray(x), weights)
    if state is None:
        zeros = np.zeros(
            (*x.shape[:-2], weights.units), np.result_type(x, weights.kernel)
        )
        state = zeros, zeros
    state = _checked_state(state, (*x.shape[:-2], weights.units))
    steps, now = [], state
    for t in range(x.shape[-2]):
        steps.append(step(x[..., t, :], now, weights))
        now = steps[-1].hidden, steps[-1].cell
    return Trace(
        x, weights, state, *(np.stack(part, -2) for part in zip(*steps, strict=True))
    )


def backward(trace: Trace, grad_hidden: np.ndarray) -> Gradients:
    """Go back through time: how a loss changes with the weights and the inputs.

    Parameters
    ----------
    trace : Trace
        What `forward` returned.
    grad_hidden : numpy.ndarray, shape (…, time_steps, units)
        How the loss changes with ``trace.hidden``. If only the last hidden state is
        used, all but the last time step are zeros.

    Returns
    -------
    Gradients
        Of the weights and of the inputs.

    Raises
    ------
    ValueError
        If ``grad_hidden`` has another shape than ``trace.hidden``, or time steps of the
        trace were masked.

    References
    ----------
    Werbos, P. J. (1990). Backpropagation through time: What it does and how to do it.
    *Proceedings of the IEEE*, 78(10), 1550-1560.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import cell
    >>> trace = cell.forward(np.ones((10, 1)), cell.Weights.random(1, 4))
    >>> cell.backward(trace, np.ones((10, 4))).kernel.shape
    (1, 16)
    """
    if not isinstance(trace, Trace):
        raise ValueError(
            f"backward: trace is a {type(trace).__name__}; give what forward returned."
        )
    grad_hidden = np.asarray(grad_hidden)
    if grad_hidden.shape != trace.hidden.shape:
        raise ValueError(
            f"backward: grad_hidden has shape {grad_hidden.shape}, but trace.hidden "
            f"has {trace.hidden.shape}. Give the gradient of every hidden state, zeros "
            "for those that the loss does not use."
        )
    if np.isnan(trace.input).any() and not np.isnan(trace.hidden).any():
        raise ValueError(
            "backward: the trace has time steps in which no gate acted (NaN), because "
            "they were masked. Trace sequences without padding."
        )
    gates = trace.input, trace.forget, trace.candidate, trace.output, trace.cell
    hidden_before, cell_before = _before(trace)
    grad_total = np.empty(
        (*trace.hidden.shape[:-1], 4 * trace.weights.units), trace.hidden.dtype
    )
    grad_h, grad_c = np.zeros_like(trace.state[0]), np.zeros_like(trace.state[1])
    for t in reversed(range(trace.x.shape[-2])):
        grad_total[..., t, :], grad_c = _step_back(
            [gate[..., t, :] for gate in gates],
            cell_before[..., t, :],
            grad_h + grad_hidden[..., t, :],
            grad_c,
        )
        grad_h = grad_total[..., t, :] @ trace.weights.recurrent_kernel.T
    columns = _rows(grad_total)
    return Gradients(
        kernel=_rows(trace.x).T @ columns,
        recurrent_kernel=_rows(hidden_before).T @ columns,
        bias=columns.sum(axis=0),
        x=grad_total @ trace.weights.kernel.T,
    )


def _step_back(
    gates: list[np.ndarray],
    cell_before: np.ndarray,
    grad_hidden: np.ndarray,
    grad_cell: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One time step of `backward`, by the chain rule.

    Returns the gradients of what `step` calls ``total``, shape (…, 4 units), and of the
    cell state before the step.
    """
    input, forget, candidate, output, cell = gates
    shown = np.tanh(cell)
    grad_cell = grad_cell + grad_hidden * output * (1 - shown**2)
    grad_total = [
        grad_cell * candidate * input * (1 - input),
        grad_cell * cell_before * forget * (1 - forget),
        grad_cell * input * (1 - candidate**2),
        grad_hidden * shown * output * (1 - output),
    ]
    return np.concatenate(grad_total, axis=-1), grad_cell * forget


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-z))``, written so that no large ``-z`` overflows."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def _rows(array: np.ndarray) -> np.ndarray:
    """The vectors of all samples and time steps as the rows of one matrix."""
    return array.reshape(-1, array.shape[-1])


def _before(trace: Trace) -> list[np.ndarray]:
    """Hidden and cell state before each time step, each (…, time_steps, units)."""
    return [
        np.concatenate([first[..., np.newaxis, :], after[..., :-1, :]], axis=-2)
        for first, after in zip(trace.state, (trace.hidden, trace.cell), strict=True)
    ]


def _check_activations(layer: Any, name: str) -> None:
    """Refuse a Keras layer whose gates are not those of `step`."""
    numbers = np.linspace(-20, 20, 40 * layer.units).reshape(40, layer.units)
    for setting, due, values in [
        ("activation", "tanh", np.tanh(numbers)),
        ("recurrent_activation", "sigmoid", _sigmoid(numbers)),
    ]:
        activation = getattr(layer, setting)
        if not computes(activation, numbers, values):
            came = getattr(activation, "__name__", type(activation).__name__)
            raise ValueError(
                f"Weights.from_keras: the {name} has {setting}={came!r}, which is not "
                f"{due!r}. The equations here are those of {due!r} alone."
            )


def _checked_input(x: np.ndarray, weights: Weights) -> np.ndarray:
    if x.ndim not in (2, 3) or 0 in x.shape[-2:] or x.shape[-1] != weights.features:
        raise ValueError(
            f"forward: x has shape {x.shape}; expected (time_steps, "
            f"{weights.features}) or (samples, time_steps, {weights.features}), with "
            "at least one time step. If there is one feature, add its axis: "
            "x[..., np.newaxis]."
        )
    if x.dtype.kind not in "fiub":
        raise ValueError(f"forward: x holds {x.dtype}, expected numbers.")
    missing = int(np.isnan(x).sum())
    if missing:
        raise ValueError(
            f"forward: {missing:,} values of x are missing (NaN). A single one turns "
            "every later state into NaN. Fill or leave them out."
        )
    return x


def _checked_state(
    state: tuple[np.ndarray, np.ndarray], due: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    came = [np.shape(part) for part in state] if np.iterable(state) else [()]
    if came != [due, due]:
        raise ValueError(
            f"forward: state has shapes {', '.join(map(str, came))}; expected a hidden "
            f"state and a cell state, each {due}."
        )
    hidden, cell = map(np.asarray, state)
    if np.isnan(hidden).any() or np.isnan(cell).any():
        raise ValueError("forward: values of state are missing (NaN).")
    return hidden, cell
