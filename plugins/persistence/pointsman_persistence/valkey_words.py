"""What a ``valkey`` table says to its server: two scripts, their arguments, and what comes back."""

from __future__ import annotations

from hashlib import sha1
from typing import Final, NamedTuple

import hiredis

# Kinds of change.
SET: Final = b"set"  # pin it, whatever is there
NEW: Final = b"new"  # pin it unless it is pinned
USE: Final = b"use"  # it was used; pin it if it got lost
GONE: Final = b"gone"  # forget it, if it still belongs to that member

# Both scripts are atomic on the server and touch one table's keys only. A pin is stored as the
# server's milliseconds when it was made, a blank and its member; its time to live is the server's.
# All who share the table hear of a change on its channel: who made it, age, time to live, length
# of the member's name, the name and the key. A time to live of 0 is the end of a pin.
CHANGE_SCRIPT = b"""
local key, channel, who, kind, member = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local age, ttl = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function tell(name, pin_age, pin_ttl)
  redis.call('PUBLISH', channel, who .. string.format(' %.0f %.0f %d ', pin_age, pin_ttl, #name)
    .. name .. key)
  return false
end

local value = string.format('%.0f ', now - age) .. member
if kind == 'set' then
  redis.call('SET', key, value, 'PX', ttl)
  return tell(member, age, ttl)
end
if kind ~= 'gone' and redis.call('SET', key, value, 'PX', ttl, 'NX') then
  return tell(member, age, ttl)
end
local there = redis.call('GET', key)
if not there then return false end
local blank = string.find(there, ' ', 1, true)
local name = string.sub(there, blank + 1)
local there_age = now - tonumber(string.sub(there, 1, blank - 1))
local there_ttl = redis.call('PTTL', key)
if name == member then
  if kind == 'gone' then
    redis.call('DEL', key)
    return tell(member, 0, 0)
  end
  if kind == 'use' and ttl > there_ttl then
    redis.call('PEXPIRE', key, ttl)
    return tell(member, there_age, ttl)
  end
end
-- A use that another has outdone is answered as well: who sent it has passed over that one's.
return {name, string.format('%.0f', there_age), there_ttl}
"""

LOAD_SCRIPT = b"""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local found = {}
for n, key in ipairs(KEYS) do
  local there = redis.call('GET', key)
  if there then
    local blank = string.find(there, ' ', 1, true)
    found[#found + 1] = {key, string.sub(there, blank + 1),
      string.format('%.0f', now - tonumber(string.sub(there, 1, blank - 1))),
      redis.call('PTTL', key)}
  end
end
return found
"""


# What the server calls them once they are loaded.
CHANGE: Final = sha1(CHANGE_SCRIPT).hexdigest().encode()
LOAD: Final = sha1(LOAD_SCRIPT).hexdigest().encode()


class Told(NamedTuple):
    """What the server says of a pin.

    Attributes:
        member: to which it belongs.
        age: seconds since it was made.
        left: seconds until it is over; 0 for one that is gone.
    """

    member: str
    age: float
    left: float


def told(name: bytes, age: bytes, left: int | bytes) -> Told:
    """From what stands in a reply. Raises ValueError for what no table of ours has written."""
    return Told(name.decode(), float(age) / 1000.0, int(left) / 1000.0)


def command(*words: bytes | int) -> bytes:
    """A command as it goes over the wire."""
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return packed


def pattern(prefix: bytes) -> bytes:
    """What SCAN is to match for keys that begin so."""
    special = b"\\*?[]"
    return b"".join(b"\\" + bytes([c]) if c in special else bytes([c]) for c in prefix) + b"*"


def heard(payload: bytes) -> tuple[bytes, Told, bytes]:
    """Who told, what, and of which key of the server. Raises ValueError for anything else."""
    who, age, left, length, rest = payload.split(b" ", 4)
    size = int(length)
    return who, told(rest[:size], age, left), rest[size:]
