"""Answers ``pip list -v --format json``, and nothing else."""

import json
import sys
from importlib.metadata import distributions

if sys.argv[1:] != ["list", "-v", "--format", "json"]:
    sys.exit(f"this pip answers list -v --format json alone, and not: {' '.join(sys.argv[1:])}")
found = []
for one in distributions():
    said = one.metadata
    location = str(one.locate_file(""))
    found.append({"name": said["Name"], "version": said["Version"], "location": location, "installer": "pip"})
print(json.dumps(found))
