"""Schedulers in the box: each picks a member for new work, one algorithm a file."""

from __future__ import annotations

from collections.abc import Mapping

from pointsman.contracts import Offer
from pointsman.hookspecs import hookimpl
from pointsman_scheduling import (
    fixed,
    header_hash,
    least_connections,
    least_requests,
    random_two,
    response_time,
    round_robin,
    source_hash,
    uri_hash,
    weighted_least_connections,
    weighted_round_robin,
)


@hookimpl
def schedulers() -> Mapping[str, Offer]:
    """The schedulers by the name that ``scheduling:`` takes."""
    return {
        "round_robin": round_robin.OFFER,
        "weighted_round_robin": weighted_round_robin.OFFER,
        "least_connections": least_connections.OFFER,
        "weighted_least_connections": weighted_least_connections.OFFER,
        "least_requests": least_requests.OFFER,
        "random_two": random_two.OFFER,
        "fixed": fixed.OFFER,
        "response_time": response_time.OFFER,
        "source_hash": source_hash.OFFER,
        "uri_hash": uri_hash.OFFER,
        "header_hash": header_hash.OFFER,
    }
