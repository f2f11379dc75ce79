"""Words in, a class out: sentiment, topics, any label of a text.

======================================  ==============================================
`separate_words`, `cut_words`           texts made ready, and cut as Keras cuts them
`word_vectors`, `WordVectors`           vectors counted from texts without labels
`text_classifier`                       the LSTM that reads strings
`TextBatches`                           texts and labels for ``model.fit``
`naive_bayes`, `bag_of_words`,          what the LSTM has to beat
`averaged_vectors`
======================================  ==============================================
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
