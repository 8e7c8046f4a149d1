"""Rules in YAML: conditions and actions of a virtual service, compiled once to closures."""
