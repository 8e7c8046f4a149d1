"""What a rule returned becomes what the core does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pointsman.model.decision import (
    Close,
    Decision,
    Forward,
    More,
    Refuse,
    Replace,
    Respond,
    Retry,
)


def decision(made: Sequence[Any]) -> Decision:
    """The decision of a verb in its flat form (``prelude/verbs.lua``)."""
    verb = made[0]
    if verb == "respond":
        flat = made[3:]
        fields = [
            (str(name).encode("latin-1"), str(value).encode("latin-1"))
            for name, value in zip(flat[::2], flat[1::2], strict=True)
        ]
        return Respond(int(made[1]), str(made[2]).encode("latin-1"), fields)
    if verb == "choose":
        return Forward(str(made[1]), str(made[2]))
    if verb == "pool":
        return Forward(str(made[1]))
    if verb == "server":
        return Forward("", str(made[1]), required=bool(made[2]))
    if verb == "refuse":
        return Refuse(int(made[1]))
    if verb == "retry":
        exclude = (str(made[1]),) if made[1] else ()
        return Retry(str(made[2]), exclude, bool(made[3]))
    if verb == "close":
        return Close()
    if verb == "reset":
        return Close(reset=True)
    if verb == "replace":
        return Replace(str(made[1]).encode("latin-1"))
    if verb == "more":
        return More()
    raise ValueError(f"no decision: {verb!r}")


def words(made: Sequence[Any]) -> str:
    """A verb as it would be written, for people."""
    verb = made[0]
    if verb == "text":
        return f"{len(made[1])} bytes"
    if verb == "choose":
        return ", ".join(
            f"ctx.{name} = {value!r}"
            for name, value in (("pool", made[1]), ("server", made[2]))
            if value
        )
    if verb == "respond":
        location = [v for k, v in zip(made[3::2], made[4::2], strict=False) if k == "location"]
        return f"respond({made[1]})" + (f" to {location[0]}" if location else "")
    return f"{verb}({', '.join(repr(one) for one in made[1:] if one not in ('', False, None))})"
