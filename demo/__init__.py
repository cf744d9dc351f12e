"""The main job on a warehouse that looks real: ``make demo``."""
