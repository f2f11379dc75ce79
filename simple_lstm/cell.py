"""An LSTM in NumPy: one time step, a whole sequence, and back through time.

Weights and results are those of `keras.layers.LSTM` with its default activations. In
the comments b stands for the samples of a batch, t for its time steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


def step(x: np.ndarray, state: State, weights: Weights) -> Step:
    """Take one time step. Nothing is checked here; `forward` checks.

    Parameters
    ----------
    x : numpy.ndarray, shape (…, features)
    state : tuple of two numpy.ndarray, each of shape (…, units)
        The hidden state and the cell state before this step.
    weights : Weights

    Returns
    -------
    Step
        The gates, the candidate and the two new states, each (…, units).

    Examples
    --------
    >>> from simple_lstm import cell
    >>> weights = cell.Weights.random(features=1, units=1)
    >>> cell.step([2.0], ([0.0], [0.0]), weights).hidden.shape
    (1,)
    """
    hidden, cell = state
    total = x @ weights.kernel + hidden @ weights.recurrent_kernel + weights.bias
    to_input, to_forget, to_candidate, to_output = np.split(total, 4, axis=-1)
    input = _sigmoid(to_input)  # input gate: how much is written, (b, units)
    forget = _sigmoid(to_forget)  # forget gate: how much is kept
    candidate = np.tanh(to_candidate)  # what may be written
    output = _sigmoid(to_output)  # output gate: how much is shown
    cell = forget * cell + input * candidate  # cell state: the memory
    hidden = output * np.tanh(cell)  # hidden state: what comes out
    return Step(input, forget, candidate, output, cell, hidden)


def forward(x: np.ndarray, weights: Weights, *, state: State | None = None) -> Trace:
    """Read a whole sequence, and keep all that happens inside.

    Parameters
    ----------
    x : numpy.ndarray, shape (time_steps, features) or (samples, time_steps, features)
        One sequence, or several of the same length.
    weights : Weights
        The weights of the layer.
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
    x = _checked_input(np.asarray(x), weights)  # (b, t, features), or without b
    shape = (*x.shape[:-2], weights.units)  # (b, units)
    if state is None:
        state = (np.zeros(shape, np.result_type(x, weights.kernel)),) * 2
    state = now = _checked_state(state, shape)
    steps = []
    for t in range(x.shape[-2]):
        steps.append(step(x[..., t, :], now, weights))  # from x (b, features)
        now = steps[-1].hidden, steps[-1].cell
    parts = zip(*steps, strict=True)  # of each part one array (b, units) a time step
    return Trace(x, weights, state, *(np.stack(part, axis=-2) for part in parts))


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
        If ``grad_hidden`` has another shape than ``trace.hidden``, or gates of the
        trace are missing.

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
    grad_hidden = _checked_gradient(trace, np.asarray(grad_hidden))  # (b, t, units)
    hidden_before, cell_before = _before(trace)  # (b, t, units) each
    grad_total = []  # of what step calls total, from the last step to the first
    grad_h, grad_c = (np.zeros_like(part) for part in trace.state)  # (b, units)
    for t in reversed(range(trace.x.shape[-2])):
        grad_h = grad_h + grad_hidden[..., t, :]
        total, grad_c = _step_back(trace, t, cell_before[..., t, :], grad_h, grad_c)
        grad_h = total @ trace.weights.recurrent_kernel.T
        grad_total.append(total)
    by_step = np.stack(grad_total[::-1], axis=-2, dtype=trace.hidden.dtype)
    columns = _rows(by_step)  # from (b, t, 4 units) to (b t, 4 units)
    return Gradients(
        kernel=_rows(trace.x).T @ columns,
        recurrent_kernel=_rows(hidden_before).T @ columns,
        bias=columns.sum(axis=0),
        x=by_step @ trace.weights.kernel.T,
    )


State = tuple[np.ndarray, np.ndarray]  # hidden and cell state, each (b, units)


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
    """What happens in one time step.

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
        The weights of the layer.
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


def _step_back(
    trace: Trace,
    t: int,
    cell_before: np.ndarray,
    grad_h: np.ndarray,
    grad_c: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One time step of `backward`, by the chain rule.

    Returns the gradients of what `step` calls ``total``, shape (b, 4 units), and of the
    cell state before the step, shape (b, units).
    """
    parts = trace.input, trace.forget, trace.candidate, trace.output, trace.cell
    input, forget, candidate, output, cell = (part[..., t, :] for part in parts)
    shown = np.tanh(cell)
    grad_c = grad_c + grad_h * output * (1 - shown**2)
    grad_total = [
        grad_c * candidate * input * (1 - input),
        grad_c * cell_before * forget * (1 - forget),
        grad_c * input * (1 - candidate**2),
        grad_h * shown * output * (1 - output),
    ]
    return np.concatenate(grad_total, axis=-1), grad_c * forget


def _before(trace: Trace) -> list[np.ndarray]:
    """Hidden and cell state before each time step, each (b, t, units)."""
    return [
        np.concatenate([first[..., np.newaxis, :], after[..., :-1, :]], axis=-2)
        for first, after in zip(trace.state, (trace.hidden, trace.cell), strict=True)
    ]


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-z))``, written so that no large ``-z`` overflows."""
    return 0.5 * (1 + np.tanh(0.5 * z))


def _rows(array: np.ndarray) -> np.ndarray:
    """The vectors of all samples and time steps as the rows of one matrix."""
    return array.reshape(-1, array.shape[-1])


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


def _checked_state(state: State, due: tuple[int, ...]) -> State:
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


def _checked_gradient(trace: Trace, grad_hidden: np.ndarray) -> np.ndarray:
    if not isinstance(trace, Trace):
        raise ValueError(
            f"backward: trace is a {type(trace).__name__}; give what forward returned."
        )
    if grad_hidden.shape != trace.hidden.shape:
        raise ValueError(
            f"backward: grad_hidden has shape {grad_hidden.shape}, but trace.hidden "
            f"has {trace.hidden.shape}. Give the gradient of every hidden state, zeros "
            "for those that the loss does not use."
        )
    steps = np.isnan(trace.input).any(axis=-1)  # (b, t)
    if steps.any() and not np.isnan(trace.hidden).any():
        raise ValueError(
            f"backward: in {steps.sum():,} time steps of the trace the gates are "
            "missing (NaN). Trace sequences without padding."
        )
    return grad_hidden
