"""The commands of the rules plugin."""
