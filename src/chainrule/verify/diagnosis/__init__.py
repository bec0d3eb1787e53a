"""Why gradients are wrong: patterns of mistakes, recognised in numbers.

>>> from chainrule.verify import diagnosis
>>> diagnosis.diagnose.__name__
'diagnose'
"""

from .._diagnosis import Diagnosis
from ._rank import diagnose

__all__ = ["Diagnosis", "diagnose"]
