"""One function a figure. Each takes ``ax=None`` and returns the Axes, but for text.

``plt.style.use("simple_lstm.simple_lstm")`` gives the look of the gallery. The colors
can be told apart by color-blind readers (Okabe & Ito, 2008); ``GATES`` holds those of
the parts of an LSTM.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
