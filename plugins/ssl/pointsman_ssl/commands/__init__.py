"""The commands ``pointsman cert ...``."""
