"""What XML cannot hold."""

import re

# Said of what it has, not of what it has not: that compiles nine times as fast.
NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that are none in XML 1.0 (production 2, "Char")."""
