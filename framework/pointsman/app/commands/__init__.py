"""One command of the program a file."""
