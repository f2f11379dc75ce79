"""A small core under a gallery that teaches LSTMs.

Each module does one job. In the order in which a model is made, then opened:

=========================  ==================================================
`simple_lstm.datasets`       real and made data to learn on
`simple_lstm.preprocessing`  read a CSV file, fill gaps, split in time, windows
`simple_lstm.words`          separate words that would be glued together or lost
`simple_lstm.word_vectors`   word vectors counted from texts without labels
`simple_lstm.batches`        windows, texts and streams as batches for Keras
`simple_lstm.models`         Keras models of stock layers, and forecasts from them
`simple_lstm.training`       training that can be repeated and stops in time
`simple_lstm.baselines`      what an LSTM has to beat
`simple_lstm.evaluation`     is it any good? scoreboard, claims, skill, lag
`simple_lstm.generation`     text from a model of characters
`simple_lstm.plots`          one function a figure
`simple_lstm.cell`           the LSTM in NumPy, forward and backward
`simple_lstm.gates`          look inside the LSTM of any Keras model
=========================  ==================================================

TensorFlow and scikit-learn are imported only where they are needed, so
``from simple_lstm import datasets, preprocessing, cell`` is quick.
"""

__version__ = "0.1.0"
