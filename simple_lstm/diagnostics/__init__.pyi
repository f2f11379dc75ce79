from .diagnosis import Diagnosis as Diagnosis
from .diagnosis import Suspicion as Suspicion
from .diagnosis import diagnose as diagnose
from .suspicious_texts import words_not_read as words_not_read
