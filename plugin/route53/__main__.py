"""The same as in the folder above: it differs in its requirements, which have boto3."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from elastx_mrs.plugin import run

run()
