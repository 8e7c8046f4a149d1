"""Configurations to begin with: commented, with parameters."""
