"""The way back: role, user and checkpoint database are taken away."""
