"""Measurements as ratios against named floors, both taken in the same run: ``make bench``."""
