"""The benchmarks' own code: what they make of figures; and that they run.

They are scripts in a folder that is no package, so it is made importable here: at the end, because
some have names that others have too.
"""

import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))
