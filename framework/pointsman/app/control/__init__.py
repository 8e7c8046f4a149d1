"""The control socket: how commands reach a running program. The work itself is app.operating's."""
