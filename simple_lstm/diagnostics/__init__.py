"""What is wrong with a model and its data, found before training.

`diagnose` looks at a compiled Keras model and at what it is about to be fitted on. What
cannot be right is an error that says how to mend it. What seldom is right becomes a row
with its remedy and the page of the site that explains it. `words_not_read` counts what
a model of texts cuts off.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
