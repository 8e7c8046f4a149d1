-- What rules ask of the program beside the exchange: tables and the log.
local P = ...
local py, room, checked, clean = P.py, P.room, P.checked, P.clean
local error, type, tostring, tonumber, setmetatable, floor = error, type, tostring, tonumber, setmetatable, math.floor
local match, sub, find, select, pairs = string.match, string.sub, string.find, select, pairs
local safe = P.safe

local function text(value, what)
  local kind = type(value)
  if kind == "number" then
    return tostring(value)
  elseif kind ~= "string" then
    error(what .. " wants a string, got " .. (value == nil and "nil" or "a " .. kind), 3)
  end
  return value
end

local function number(value, what)
  if type(value) ~= "number" or value ~= value then
    error(what .. " wants a number, got " .. (value == nil and "nil" or "a " .. type(value)), 3)
  end
  return value
end

local units = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }
local known, durations = {}, 0
-- Seconds of a number or of a text such as "10s"; nil stays nil.
local function seconds(value, what)
  local found = value ~= nil and known[value]
  if not found then
    if value == nil or type(value) == "number" then
      return value
    end
    local amount, unit = match(text(value, what), "^(%d+%.?%d*)(%a+)$")
    found = amount and units[unit] and tonumber(amount) * units[unit]
    if not found then
      error(what .. " wants a duration, like \"10s\" or \"5m\", got " .. tostring(value), 3)
    end
    if durations >= 1000 then
      known, durations = {}, 0
    end
    known[value], durations = found, durations + 1
  end
  return found
end
P.seconds, P.text, P.number = seconds, text, number

-- A global whose fields are functions; they cannot be replaced. That they are found in a table, and
-- only what is not there by a function, saves a call.
local function library(name, functions)
  local mt = { __metatable = false, __index = functions }
  setmetatable(functions, {
    __metatable = false,
    __index = function(_, key)
      error(name .. " has no field '" .. tostring(key) .. "'", 2)
    end,
  })
  function mt.__newindex()
    error(name .. " cannot be changed", 2)
  end
  P.library[name] = functions
  return setmetatable({}, mt)
end
P.library, P.library_of = {}, library

safe.coroutine = library("coroutine", safe.coroutine)

safe.math = library("math", {
  abs = math.abs, ceil = math.ceil, floor = math.floor, fmod = math.fmod, huge = math.huge,
  log = math.log, max = math.max, min = math.min, pi = math.pi, sqrt = math.sqrt, exp = math.exp,
})

-- ---- tables ----

local function table_of(id, name)
  local t = {}
  local what = "a key of tables." .. name
  local function key_of(key)
    room()
    if type(key) == "string" then
      return key
    end
    return text(key, what)
  end
  function t.get(_, key)
    return (py.table_get(id, key_of(key)))
  end
  function t.set(_, key, value, ttl)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      error("tables." .. name .. " keeps strings, numbers and booleans, not a " .. kind, 2)
    end
    checked(py.table_set(id, key_of(key), value, seconds(ttl, "ttl")))
  end
  function t.add(_, key, value, ttl)
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      error("tables." .. name .. " keeps strings, numbers and booleans, not a " .. kind, 2)
    end
    return checked(py.table_add(id, key_of(key), value, seconds(ttl, "ttl")))
  end
  function t.incr(_, key, by, ttl)
    if by == nil and ttl == nil then
      local made, problem = py.table_incr(id, key_of(key))
      if problem ~= nil then
        error(problem, 2)
      end
      return made
    end
    return checked(py.table_incr(id, key_of(key), by == nil and 1 or number(by, "incr"), seconds(ttl, "ttl")))
  end
  function t.rate(_, key, window)
    return checked(py.table_rate(id, key_of(key), number(seconds(window, "rate"), "rate")))
  end
  function t.take(_, key, per_second, burst)
    per_second = number(per_second, "take")
    local got, wait = py.table_take(id, key_of(key), per_second, burst == nil and per_second or number(burst, "take"))
    if got == nil then
      error(wait, 2)
    end
    return got, wait
  end
  function t.ttl(_, key)
    return (py.table_ttl(id, key_of(key)))
  end
  function t.delete(_, key)
    py.table_delete(id, key_of(key))
  end
  function t.size()
    room()
    return py.table_size(id)
  end
  P.library.table_methods = t
  return library("tables." .. name, t)
end

-- Names that the configuration gave, each an object made when it is first asked for.
local function named(what, make)
  local made = setmetatable({}, {
    __metatable = false,
    __index = function(made, name)
      room()
      local one = make(text(name, what))
      made[name] = one
      return one
    end,
  })
  return setmetatable({}, {
    __metatable = false,
    __newindex = function()
      error(what .. " cannot be changed", 2)
    end,
    __index = made,
  })
end

P.named = named
safe.tables = named("tables", function(name)
  local id, problem = py.table_id(name)
  if problem then
    error(problem, 3)
  end
  return table_of(id, name)
end)

-- ---- the log ----

local getinfo = P.getinfo
local log = {}
for _, level in ipairs({ "debug", "info", "warn", "error" }) do
  log[level] = function(message, fields)
    room()
    if fields ~= nil then
      P.part("json")
      message = tostring(message) .. " " .. safe.json.encode(fields)
    end
    local place = getinfo(2, "Sl")
    local where = place and place.short_src .. ":" .. place.currentline or ""
    py.log(level, sub(tostring(message), 1, 8192), where, P.now())
  end
end
-- A field of the access log of this exchange.
function log.field(name, value)
  room()
  local n = P.now()
  checked(py.log_field(n, text(name, "log.field"), clean(value, "log.field", 2)))
end
safe.log = library("log", log)
safe.print = function(...)
  local words = {}
  for i = 1, select("#", ...) do
    words[i] = tostring((select(i, ...)))
  end
  log.info(table.concat(words, " "))
end
