from .models import character_model as character_model
from .ngram import NGram as NGram
from .sampling import generate as generate
from .sampling import negative_log_likelihood as negative_log_likelihood
from .sampling import probabilities as probabilities
from .sampling import stream as stream
from .streams import CharacterStreams as CharacterStreams
