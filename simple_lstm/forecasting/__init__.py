"""Time series in, forecasts out: read, split, cut, compare, forecast.

======================================  ==============================================
`read_series`, `fill_gaps`              a CSV file as evenly spaced numbers
`time_split`, `make_windows`            train, validation and test, without leakage
`calendar_features`, `frequency`        what is known of any time to come
`naive`, `seasonal_naive`,              forecasts by common sense, and by methods that
`seasonal_median`, `ridge`,             get the same inputs as the LSTM
`gradient_boosting`
`forecaster`, `forecast`                the LSTM, and what comes after the last row
`conformal_factor`, `forecast_delay`    intervals that hold; a copy is found out
======================================  ==============================================

Reading a file loads no TensorFlow; windows and models do.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
