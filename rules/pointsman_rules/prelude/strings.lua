-- The string and table functions as rules see them: what C code does is counted, and bounded.
local P = ...

local charge, error, type, tostring = P.charge, error, type, tostring
local getmetatable, select, pcall, ipairs = getmetatable, select, pcall, ipairs
local S, T = string, table
local find, gsub, sub = S.find, S.gsub, S.sub
local MOST = P.longest_string
local MOST_WORK = P.pattern_work

local function too_long(what)
  error(what .. " would make a string above the limit of " .. MOST .. " bytes", 3)
end

local function text(value, what)
  local kind = type(value)
  if kind == "string" then
    return value
  end
  if kind == "number" then
    return tostring(value)
  end
  error(what .. " wants a string, got " .. (value == nil and "nil" or "a " .. kind), 3)
end

local str = {}

str.len, str.byte, str.char = S.len, S.byte, S.char

function str.sub(s, i, j)
  return sub(text(s, "string.sub"), i, j)
end

for _, name in ipairs({ "lower", "upper", "reverse" }) do
  local f = S[name]
  str[name] = function(s)
    s = text(s, "string." .. name)
    charge(#s / 100)
    return f(s)
  end
end

function str.rep(s, n, sep)
  s = text(s, "string.rep")
  sep = sep == nil and "" or text(sep, "string.rep")
  if type(n) ~= "number" then
    error("string.rep wants a number", 2)
  end
  if n <= 0 then
    return ""
  end
  if (#s + #sep) * n > MOST then
    too_long("string.rep")
  end
  charge(#s * n / 100)
  if sep == "" then
    return S.rep(s, n)
  end
  return S.rep(s .. sep, n - 1) .. s
end

function str.format(form, ...)
  form = text(form, "string.format")
  local size = #form
  local given = { ... }
  for i = 1, select("#", ...) do
    local value = given[i]
    if type(value) == "string" then
      size = size + #value
    elseif type(value) == "userdata" then
      error("string.format cannot take that", 2)
    end
  end
  if size > MOST then
    too_long("string.format")
  end
  charge(size / 100)
  local ok, made = pcall(S.format, form, ...)
  if not ok then
    error(made, 2)
  end
  return made
end

-- ---- patterns: C code that backtracks; the hook does not see how long ----

local shapes, many = {}, 0

-- How the work grows: length ^ degree * 2 ^ doublings. Worked out once for a pattern.
local function shape(pattern)
  local known = shapes[pattern]
  if known then
    return known
  end
  P.room()
  local degree, doublings, problem = P.py.pattern_shape(pattern)
  if problem then
    error(problem, 4)
  end
  if many >= 500 then
    shapes, many = {}, 0
  end
  known = { degree, doublings }
  shapes[pattern] = known
  many = many + 1
  return known
end

local function bounded(s, pattern)
  local known = shape(pattern)
  local size = #s + 1
  local work = size ^ known[1] * 2 ^ known[2]
  if work > MOST_WORK then
    error(
      "the pattern '" .. sub(pattern, 1, 60) .. "' may need too long for a text of " .. #s
        .. " bytes: use text.re, which takes linear time",
      3
    )
  end
  charge(size / 20)
end

function str.find(s, pattern, init, plain)
  s, pattern = text(s, "string.find"), text(pattern, "string.find")
  if plain then
    if #s * #pattern > 2e8 then
      error("string.find: too much to compare", 2)
    end
    charge(#s / 50)
  else
    bounded(s, pattern)
  end
  return find(s, pattern, init, plain)
end

function str.match(s, pattern, init)
  s, pattern = text(s, "string.match"), text(pattern, "string.match")
  bounded(s, pattern)
  return S.match(s, pattern, init)
end

function str.gmatch(s, pattern)
  s, pattern = text(s, "string.gmatch"), text(pattern, "string.gmatch")
  bounded(s, pattern)
  return S.gmatch(s, pattern)
end

function str.gsub(s, pattern, by, most)
  s, pattern = text(s, "string.gsub"), text(pattern, "string.gsub")
  bounded(s, pattern)
  local kind = type(by)
  if kind == "number" then
    by, kind = tostring(by), "string"
  end
  if kind == "string" then
    -- A "%1" may put in what was matched: each at most the whole text, all matches together.
    local _, captures = gsub(by, "%%", "")
    if (#s + 1) * #by + (captures + 1) * #s > MOST then
      local _, found = gsub(s, pattern, "", most)
      if #s + found * #by + captures * #s > MOST then
        too_long("string.gsub")
      end
    end
    charge(#s / 20)
    return gsub(s, pattern, by, most)
  end
  local size = #s
  local function counted(value)
    if type(value) == "string" then
      size = size + #value
      if size > MOST then
        too_long("string.gsub")
      end
    end
    return value
  end
  if kind == "function" then
    return gsub(s, pattern, function(...)
      return counted((by(...)))
    end, most)
  end
  if kind == "table" then
    return gsub(s, pattern, function(found)
      return counted(by[found])
    end, most)
  end
  error("string.gsub wants a string, a function or a table", 2)
end

-- ---- tables ----

local tab = {}

local function plain(t, what)
  if type(t) ~= "table" then
    error(what .. " wants a table, got " .. (t == nil and "nil" or "a " .. type(t)), 3)
  end
  if getmetatable(t) ~= nil then
    error(what .. " wants a plain table, without a metatable", 3)
  end
end

function tab.concat(t, sep, i, j)
  plain(t, "table.concat")
  i, j, sep = i or 1, j or #t, sep or ""
  local size = 0
  for at = i, j do
    local one = t[at]
    if type(one) == "number" then
      one = tostring(one)
    elseif type(one) ~= "string" then
      error("table.concat: element " .. tostring(at) .. " is a " .. type(one), 2)
    end
    size = size + #one + #sep
    if size > MOST then
      too_long("table.concat")
    end
  end
  return T.concat(t, sep, i, j)
end

function tab.insert(t, ...)
  plain(t, "table.insert")
  if select("#", ...) == 1 then
    t[#t + 1] = (...)
    return
  end
  charge(#t / 5)
  local at, value = ...
  local ok, problem = pcall(T.insert, t, at, value)
  if not ok then
    error(problem, 2)
  end
end

function tab.remove(t, at)
  plain(t, "table.remove")
  if at == nil then
    return T.remove(t)
  end
  charge(#t / 5)
  return T.remove(t, at)
end

function tab.sort(t, before)
  plain(t, "table.sort")
  if #t > 50000 then
    error("table.sort: more than 50000 elements", 2)
  end
  charge(#t * 3)
  local ok, problem = pcall(T.sort, t, before)
  if not ok then
    error(P.explained(problem), 2)
  end
end

local unpack = T.unpack or unpack
function tab.unpack(t, i, j)
  plain(t, "unpack")
  i, j = i or 1, j or #t
  if j - i > 5000 then
    error("unpack: more than 5000 values", 2)
  end
  return unpack(t, i, j)
end

function tab.pack(...)
  return { n = select("#", ...), ... }
end

-- Strings are objects as well: what s:rep() finds must be ours, for all files of a service.
P.safe.string, P.safe.table = P.library_of("string", str), P.library_of("table", tab)
P.safe.unpack = tab.unpack
P.metatable_of("").__index = str
