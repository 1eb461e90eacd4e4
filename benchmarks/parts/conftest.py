"""Makes the modules of the folder above importable."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))
