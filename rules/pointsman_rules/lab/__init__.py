"""The rule lab: rules are tried without a proxy, a network or time."""
