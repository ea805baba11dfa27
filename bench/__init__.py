"""Repeatable measurements, each beside a floor that is measured in the same run. `make bench`; see README.md."""
