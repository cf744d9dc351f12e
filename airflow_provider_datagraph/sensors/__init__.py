"""Sensors: they poke once and then defer."""
