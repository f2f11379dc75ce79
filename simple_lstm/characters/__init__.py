"""Characters in, the next character out: models that write.

======================================  ==============================================
`CharacterStreams`                      long texts for a model that carries its state
`character_model`                       the LSTM
`NGram`                                 what it has to beat
`generate`, `stream`, `probabilities`   text from either of them
`negative_log_likelihood`               how little either expected a text
======================================  ==============================================
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
