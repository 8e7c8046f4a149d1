"""The comparison with other proxies, side by side on one machine: `python -m bench`."""
