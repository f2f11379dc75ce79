from . import callbacks as callbacks
from . import cell as cell
from . import characters as characters
from . import datasets as datasets
from . import diagnostics as diagnostics
from . import evaluation as evaluation
from . import forecasting as forecasting
from . import gates as gates
from . import plots as plots
from . import text as text

__version__: str
