"""What ``valkey`` values say to their server: two scripts, their arguments, and what comes back."""

from __future__ import annotations

from hashlib import sha1
from math import inf
from typing import Final, NamedTuple

from pointsman.contracts.values import Value
from pointsman_persistence.value_changes import NOTHING, Held, ValueChange, decoded, encoded

# Both scripts are atomic on the server and touch keys of one name only. A value is stored as it
# is encoded (a letter for its type, its text); its time to live is the server's, -1 for ever.
# All who share it hear of a change on its channel: who made it, time to live, length of the
# value, the value and the key. A time to live of 0 is the end of a value.
CHANGE_SCRIPT = b"""
local key, channel, who, base, held = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local held_ttl, counts = tonumber(ARGV[5]), ARGV[6] == '1'
local by, floor, ttl, prolongs = ARGV[7], ARGV[8], tonumber(ARGV[9]), ARGV[10] == '1'

local value = redis.call('GET', key) or nil
local left = value and redis.call('PTTL', key) or 0
if base == 'set' or (base == 'add' and not value) then
  value, left = held, held_ttl
elseif base == 'drop' then
  value, left = nil, 0
end
local kind = value and string.sub(value, 1, 1) or 'i'
if counts and (kind == 'i' or kind == 'f') then
  local made = (value and tonumber(string.sub(value, 2)) or 0) + tonumber(by)
  if floor ~= '' and made < tonumber(floor) then made = tonumber(floor) end
  if not value then
    left = ttl
  elseif prolongs and left >= 0 and (ttl < 0 or ttl > left) then
    left = ttl
  end
  if kind == 'i' and made == math.floor(made) and not string.find(by .. floor, '[.e]')
      and math.abs(made) < 9007199254740992 then
    value = 'i' .. string.format('%.0f', made)
  else
    value = 'f' .. string.format('%.17g', made)
  end
end
if not value or left == 0 then
  redis.call('DEL', key)
  value, left = '', 0
elseif left < 0 then
  redis.call('SET', key, value)
else
  redis.call('SET', key, value, 'PX', left)
end
redis.call('PUBLISH', channel, who .. string.format(' %d %d ', left, #value) .. value .. key)
return {value, left}
"""

LOAD_SCRIPT = b"""
local found = {}
for n, key in ipairs(KEYS) do
  local there = redis.call('GET', key)
  if there then
    found[#found + 1] = {key, there, redis.call('PTTL', key)}
  end
end
return found
"""

CHANGE: Final = sha1(CHANGE_SCRIPT).hexdigest().encode()
LOAD: Final = sha1(LOAD_SCRIPT).hexdigest().encode()


class ToldValue(NamedTuple):
    """What the server says of a value.

    Attributes:
        value: None for one that is gone.
        left: seconds until it is over, infinity for never.
    """

    value: Value | None
    left: float


def told_value(value: bytes, left: int | bytes) -> ToldValue:
    """From what stands in a reply. Raises ValueError for what we have never written."""
    time = int(left)
    if time == 0:
        return ToldValue(None, 0.0)
    return ToldValue(decoded(value), inf if time < 0 else time / 1000.0)


def heard_value(payload: bytes) -> tuple[bytes, ToldValue, bytes]:
    """Who told, what, and of which key of the server. Raises ValueError for anything else."""
    who, left, length, rest = payload.split(b" ", 3)
    size = int(length)
    return who, told_value(rest[:size], left), rest[size:]


def arguments(change: ValueChange, now: float) -> tuple[bytes | int, ...]:
    """Those of the script that are about the change itself."""
    held, delta = change.held or Held("", 0.0), change.delta
    first = change.base.encode(), encoded(held.value), _milliseconds(held.ends - now)
    if change.base == NOTHING or change.held is None:
        first = change.base.encode(), b"", 0
    if delta is None:
        return (*first, b"0", b"0", b"", 0, b"0")
    floor = b"" if delta.floor == -inf else repr(delta.floor).encode()
    return (
        *first,
        b"1",
        repr(delta.by).encode(),
        floor,
        _milliseconds(delta.ends - now),
        b"1" if delta.prolongs else b"0",
    )


def _milliseconds(left: float) -> int:
    """A time to live for the server: -1 for ever, and at least a millisecond."""
    return -1 if left == inf else max(1, round(left * 1000))
