"""What Pulumi starts after ``pulumi package add <repository>/plugin@<tag>``: the package of the checkout it is in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from elastx_mrs.plugin import run

run()
