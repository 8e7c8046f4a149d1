"""From the text of a YAML file to validated settings and virtual services."""
