"""The results as tables: on the terminal, and between two marks in docs/performance.md."""

from collections.abc import Sequence

from bench.cases import Case
from bench.failure import BenchError
from bench.rivals import HAPROXY, POINTSMAN
from bench.summary import Results, Verdict, digits, middle, ratio_to, verdicts

BEGIN = "<!-- measured -->"
END = "<!-- /measured -->"
NOTHING = "-"

Rows = list[list[str]]


def values_table(results: Results, cases: Sequence[Case], rivals: Sequence[str]) -> Rows:
    """Lay out each case's median and spread for every rival, and our ratio to HAProxy."""
    rows = [["case", "unit", *rivals, f"{POINTSMAN} : {HAPROXY}"]]
    for case in cases:
        found = [middle(results.of(case.name, rival).values()) for rival in rivals]
        ours = ratio_to(results, case.name, POINTSMAN, HAPROXY)
        rows.append([case.name, case.unit, *(str(m) if m else NOTHING for m in found), times(ours)])
    return rows


def targets_table(judged: Sequence[Verdict]) -> Rows:
    """Lay out each target beside what was measured of it."""
    rows = [["case", "target", "measured", "met"]]
    for verdict in judged:
        rows.append([verdict.case, wanted(verdict), seen(verdict), answer(verdict.met)])
    return rows


def times(ratio: float | None) -> str:
    """Write a ratio, such as `1.27x`."""
    return NOTHING if ratio is None else f"{ratio:.2f}x"


def wanted(verdict: Verdict) -> str:
    """Write a target: `<= 1.5x haproxy`, `>= 3x better than caddy`, or `<= 6`."""
    limit, against = verdict.target.limit, verdict.target.against
    if against is None:
        return f"<= {limit:g}"
    if against == HAPROXY:
        return f"<= {limit:g}x {against}"
    return f">= {1 / limit:g}x better than {against}"


def seen(verdict: Verdict) -> str:
    """Write what was measured in the words of the target."""
    if verdict.measured is None:
        return NOTHING
    if verdict.target.against is None:
        return digits(verdict.measured)
    if verdict.target.against == HAPROXY:
        return times(verdict.measured)
    return f"{1 / verdict.measured:.1f}x better"


def answer(met: bool | None) -> str:
    """Say whether a target was met."""
    return {True: "yes", False: "no", None: "not measured"}[met]


def plain(rows: Rows) -> str:
    """Align a table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown(rows: Rows) -> str:
    """Write a table for Markdown."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])


def terminal_report(
    results: Results, cases: Sequence[Case], rivals: Sequence[str], machine: Sequence[str]
) -> str:
    """Write everything for a terminal."""
    judged = verdicts(results, cases)
    parts = ["\n".join(machine), plain(values_table(results, cases, rivals))]
    if judged:
        parts.append(plain(targets_table(judged)))
    if results.notes:
        parts.append("\n".join(f"note: {note}" for note in results.notes))
    return "\n\n".join(parts)


def document_report(
    results: Results,
    cases: Sequence[Case],
    rivals: Sequence[str],
    machine: Sequence[str],
    seconds: int,
) -> str:
    """Write everything for docs/performance.md."""
    how = (
        f"Median of {results.rounds()} rounds of {seconds} s each; ± is half the distance between "
        "the extremes. Ratios are the median of the ratios of each round."
    )
    parts = [
        "\n".join([*machine, how]),
        markdown(values_table(results, cases, rivals)),
        markdown(targets_table(verdicts(results, cases))),
    ]
    if results.notes:
        parts.append("\n".join(f"- {note}" for note in results.notes))
    return "\n\n".join(parts)


def between_marks(document: str, text: str) -> str:
    """Put a text between the two marks of a document.

    Raises:
        BenchError: the document does not hold each mark once, in order.
    """
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise BenchError(f"the document must hold {BEGIN} and then {END}, once each")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"
