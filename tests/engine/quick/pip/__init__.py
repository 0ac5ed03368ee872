"""Stands for pip where Pulumi's Python host asks it for the packages that are there, before every run.

The last host that the Go module proxy has runs ``python -m pip list -v --format json``, which takes as long as the rest
of a small preview, and asks the package index about pip itself. Current hosts ask otherwise. The tests of the released
package, in environments of their own, have the real pip.
"""
