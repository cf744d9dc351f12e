"""Operators: each says what access should be, and changes only what is missing."""
