"""What can go wrong in the comparison itself, as opposed to in a proxy under test."""


class BenchError(Exception):
    """The comparison cannot be run; the text says what is missing and what to do."""


class RivalFailed(Exception):
    """One proxy did not start, died or did not answer; it is left out and the others go on."""
