"""Schedulers in the box: each picks a member for new work, one algorithm a file."""
