"""Answers ``pip list -v --format json``, and nothing else."""

import json
import os
import sys

if sys.argv[1:] != ["list", "-v", "--format", "json"]:
    sys.exit(f"this pip answers list -v --format json alone, and not: {' '.join(sys.argv[1:])}")
END = ".dist-info"
found = []
for location in filter(os.path.isdir, sys.path):
    for entry in os.listdir(location):  # noqa: PTH208  pathlib takes as long to import as all of this
        if entry.endswith(END):  # whose name is the package's, and its version (PyPA's "Recording installed projects")
            name, _, version = entry.removesuffix(END).partition("-")
            found.append({"name": name.replace("_", "-"), "version": version, "location": location, "installer": "pip"})
print(json.dumps(found))
