"""Health checks in the box: asks a server whether it is well, one protocol a file."""
