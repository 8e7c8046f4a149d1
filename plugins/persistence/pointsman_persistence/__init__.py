"""Persistence in the box: remembers which member a client belongs to, one kind a file."""
