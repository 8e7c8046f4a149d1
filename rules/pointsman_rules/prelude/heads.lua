-- Heads of messages as texts: their fields are found and changed here, without asking the host.
-- The host is given a changed head back when the run ends or waits, or before it looks at it itself.
local P = ...
local py, charge, room, clean = P.py, P.charge, P.room, P.clean
local error, type, tostring = error, type, tostring
local find, sub, byte, lower, gsub = string.find, string.sub, string.byte, string.lower, string.gsub

-- Names that the host keeps notes of its own about, as CGI would spell them: it changes these itself.
local noted = P.noted
-- In the shadow nothing is changed here: the host tells what would have been.
local tells = P.shadow

-- ---- names ----

local names, count = {}, 0

-- How a name is looked for, or nil if it is none.
local function known(name)
  local entry = names[name]
  if entry ~= nil then
    return entry
  end
  if type(name) ~= "string" or not find(name, "^[%w!#$%%&'*+.^_`|~-]+$") then
    return nil
  end
  local small = lower(name)
  entry = { needle = "\n" .. small .. ":", small = small, noted = tells or noted[(gsub(small, "[^%w]", "-"))] }
  if #name <= 64 then
    if count >= 500 then
      names, count = {}, 0
    end
    names[name], count = entry, count + 1
  end
  return entry
end

local function token(name, level)
  return known(name) or error("a header's name must be a token, got " .. tostring(name), level + 1)
end

-- ---- a head: `raw` its lines, each with CRLF; `low` the same after a line end, in small letters ----

local function head_of(record, side)
  local head = record[side]
  if head == nil then
    room()
    local raw, low = py.lines(record.number, side)
    head = { raw = raw, low = low, more = false, changed = false }
    record[side] = head
  end
  return head
end

-- Give back what was changed, for the host is about to look at it.
local function flush(record, side)
  local head = record[side]
  if head ~= nil and head.changed then
    head.changed = false
    room()
    py.put_lines(record.number, side, head.raw)
  end
end
P.flush = flush

-- The host has changed it, or is about to.
function P.forget(record, side)
  flush(record, side)
  record[side] = nil
end

function P.flush_all(record)
  for side = 1, 3 do
    flush(record, side)
  end
end

-- The value that begins at `from`, without blanks around it, and where its line ends.
local function value_at(raw, from)
  local stop = find(raw, "\r", from, true)
  local last = stop - 1
  local c = byte(raw, from)
  while c == 32 or c == 9 do
    from = from + 1
    c = byte(raw, from)
  end
  c = byte(raw, last)
  while last >= from and (c == 32 or c == 9) do
    last = last - 1
    c = byte(raw, last)
  end
  return sub(raw, from, last), stop
end

-- What was added to `raw` since `low` was made is in `more`.
local function low_of(head)
  local more = head.more
  if more then
    head.low, head.more = head.low .. lower(more), false
  end
  return head.low
end

function P.field(record, side, name)
  local head = record[side] or head_of(record, side)
  local entry, raw = names[name] or known(name), head.raw
  if entry == nil or raw == nil then
    return nil
  end
  local _, colon = find(head.more and low_of(head) or head.low, entry.needle, 1, true)
  if colon == nil then
    return nil
  end
  local first, second = byte(raw, colon, colon + 1)
  local stop = find(raw, "\r", colon, true)
  if first == 32 and second > 32 and byte(raw, stop - 1) > 32 then
    return sub(raw, colon + 1, stop - 1) -- as nearly all are
  end
  return (value_at(raw, colon))
end

function P.fields(record, side, name)
  local entry = token(name, 3)
  local head = head_of(record, side)
  local found, at, raw, low = {}, 1, head.raw, low_of(head)
  while raw ~= nil do
    local _, colon = find(low, entry.needle, at, true)
    if colon == nil then
      break
    end
    found[#found + 1], at = value_at(raw, colon)
  end
  return found
end

-- Names and values in their order.
function P.all_fields(record, side)
  local raw = head_of(record, side).raw
  local fields, values, n, at = {}, {}, 0, 1
  while raw ~= nil and at <= #raw do
    local colon = find(raw, ":", at, true)
    n = n + 1
    fields[n] = sub(raw, at, colon - 1)
    local stop
    values[n], stop = value_at(raw, colon + 1)
    at = stop + 2
  end
  return fields, values, n
end

-- ---- changes ----

local function told(record, side, problem)
  if problem ~= nil then
    error(problem, 4)
  end
end

-- Whether the host has to do it; then it was given all that was changed before.
local function is_for_host(record, side, entry)
  local head = record[side] or head_of(record, side)
  if entry.noted or head.raw == nil then
    P.forget(record, side)
    return true
  end
  charge(#head.raw / 50)
  return false, head
end

-- Put a line in the place of the first of that name, or of none, and take the others away.
local function replace(record, head, entry, line)
  local raw, low = head.raw, low_of(head)
  local start, colon = find(low, entry.needle, 1, true)
  if start == nil then
    if line == nil then
      return
    end
    head.raw, head.more, head.changed, record.changed = raw .. line, line, true, true
    return
  end
  local after = find(raw, "\r", colon, true) + 2
  line = line or ""
  -- In `low` everything stands one further.
  raw = sub(raw, 1, start - 1) .. line .. sub(raw, after)
  low = sub(low, 1, start) .. lower(line) .. sub(low, after + 1)
  start, colon = find(low, entry.needle, start + #line, true)
  while start ~= nil do
    after = find(raw, "\r", colon, true) + 2
    charge(#raw / 50)
    raw = sub(raw, 1, start - 1) .. sub(raw, after)
    low = sub(low, 1, start) .. sub(low, after + 1)
    start, colon = find(low, entry.needle, start, true)
  end
  head.raw, head.low, head.changed, record.changed = raw, low, true, true
end

function P.set_field(record, side, name, value)
  local entry = names[name] or token(name, 3)
  value = clean(value, name, 3)
  local head = record[side]
  if head ~= nil and head.raw ~= nil and not entry.noted and #head.raw < 4096 then
    replace(record, head, entry, name .. ": " .. value .. "\r\n") -- as nearly all are
    return
  end
  local by_host
  by_host, head = is_for_host(record, side, entry)
  if by_host then
    room()
    local _, problem = py.set_header(record.number, side, name, value)
    told(record, side, problem)
    return
  end
  replace(record, head, entry, name .. ": " .. value .. "\r\n")
end

function P.add_field(record, side, name, value)
  local entry = token(name, 3)
  value = clean(value, name, 3)
  local by_host, head = is_for_host(record, side, entry)
  if by_host then
    room()
    local _, problem = py.add_header(record.number, side, name, value)
    told(record, side, problem)
    return
  end
  local line = name .. ": " .. value .. "\r\n"
  local more = head.more
  head.raw, head.more = head.raw .. line, more and more .. line or line
  head.changed, record.changed = true, true
end

function P.remove_field(record, side, name)
  local entry = token(name, 3)
  local by_host, head = is_for_host(record, side, entry)
  if by_host then
    room()
    local _, problem = py.remove_header(record.number, side, name)
    told(record, side, problem)
    return
  end
  replace(record, head, entry, nil)
end
