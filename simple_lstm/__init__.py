"""A small core under a gallery that teaches LSTMs.

Rooms go by task, as the folders of the gallery do:

=========================  ==================================================
`simple_lstm.forecasting`    a time series in, its next steps out
`simple_lstm.text`           words in, a class out
`simple_lstm.characters`     characters in, the next character out
=========================  ==================================================

What all of them share stands beside:

=========================  ==================================================
`simple_lstm.datasets`       real and synthetic data to learn on
`simple_lstm.diagnostics`    what is wrong with a model and its data, before training
`simple_lstm.callbacks`      what Keras is to do while it trains
`simple_lstm.evaluation`     is it any good? scoreboard and claims
`simple_lstm.plots`          one function a figure
`simple_lstm.cell`           the LSTM in NumPy, forward and backward
`simple_lstm.gates`          look inside the LSTM of any Keras model
=========================  ==================================================

Everything is loaded when it is first used, so reading a file loads no TensorFlow.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
