-- `json`: written here and not in the host, so that it is counted like all that a rule does.
local P = ...
local byte, char, find, sub, format = string.byte, string.char, string.find, string.sub, string.format
local match, gsub, concat = string.match, string.gsub, table.concat
local error, type, tostring, tonumber, next, pairs = error, type, tostring, tonumber, next, pairs
local setmetatable, floor, huge, sort = setmetatable, math.floor, math.huge, table.sort
local DEEPEST = 64

local json = {}

local null = setmetatable({}, { __tostring = function() return "null" end, __metatable = false,
  __newindex = function() error("json.null cannot be changed", 2) end })
json.null = null

local escapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8(code)
  if code < 128 then
    return char(code)
  elseif code < 2048 then
    return char(192 + floor(code / 64), 128 + code % 64)
  elseif code < 65536 then
    return char(224 + floor(code / 4096), 128 + floor(code / 64) % 64, 128 + code % 64)
  end
  return char(240 + floor(code / 262144), 128 + floor(code / 4096) % 64, 128 + floor(code / 64) % 64, 128 + code % 64)
end

local function wrong(at, what)
  error({ message = "at byte " .. at .. ": " .. what })
end

local function read_string(s, at)
  local parts, from = {}, at + 1
  while true do
    local stop = find(s, '["\\%c]', from)
    if not stop then
      wrong(at, "a string does not end")
    end
    parts[#parts + 1] = sub(s, from, stop - 1)
    local c = sub(s, stop, stop)
    if c == '"' then
      return #parts == 1 and parts[1] or concat(parts), stop + 1
    elseif c ~= "\\" then
      wrong(stop, "a control character in a string")
    end
    local e = sub(s, stop + 1, stop + 1)
    from = stop + 2
    if e == "u" then
      local hex = match(s, "^%x%x%x%x", from)
      if not hex then
        wrong(stop, "\\u wants four hexadecimal digits")
      end
      local code = tonumber(hex, 16)
      from = from + 4
      if code >= 0xD800 and code < 0xDC00 then
        local low = match(s, "^\\u(%x%x%x%x)", from)
        local second = low and tonumber(low, 16) or 0
        if second >= 0xDC00 and second < 0xE000 then
          code = 65536 + (code - 0xD800) * 1024 + (second - 0xDC00)
          from = from + 6
        end
      end
      parts[#parts + 1] = utf8(code)
    else
      parts[#parts + 1] = escapes[e] or wrong(stop, "an escape that JSON does not know")
    end
  end
end

local read

local function read_list(s, at, depth)
  local list, n = {}, 0
  at = find(s, "[^ \t\r\n]", at + 1) or wrong(at, "a list does not end")
  if sub(s, at, at) == "]" then
    return list, at + 1
  end
  while true do
    n = n + 1
    list[n], at = read(s, at, depth)
    at = find(s, "[^ \t\r\n]", at) or wrong(#s, "a list does not end")
    local c = sub(s, at, at)
    if c == "]" then
      return list, at + 1
    elseif c ~= "," then
      wrong(at, "expected , or ]")
    end
    at = at + 1
  end
end

local function read_object(s, at, depth)
  local object = {}
  at = find(s, "[^ \t\r\n]", at + 1) or wrong(at, "an object does not end")
  if sub(s, at, at) == "}" then
    return object, at + 1
  end
  while true do
    at = find(s, "[^ \t\r\n]", at) or wrong(#s, "an object does not end")
    if sub(s, at, at) ~= '"' then
      wrong(at, "expected a name in quotes")
    end
    local name
    name, at = read_string(s, at)
    at = find(s, "[^ \t\r\n]", at) or wrong(#s, "an object does not end")
    if sub(s, at, at) ~= ":" then
      wrong(at, "expected :")
    end
    object[name], at = read(s, at + 1, depth)
    at = find(s, "[^ \t\r\n]", at) or wrong(#s, "an object does not end")
    local c = sub(s, at, at)
    if c == "}" then
      return object, at + 1
    elseif c ~= "," then
      wrong(at, "expected , or }")
    end
    at = at + 1
  end
end

function read(s, at, depth)
  if depth > DEEPEST then
    wrong(at, "nested too deeply")
  end
  at = find(s, "[^ \t\r\n]", at) or wrong(#s + 1, "a value is missing")
  local c = sub(s, at, at)
  if c == '"' then
    return read_string(s, at)
  elseif c == "{" then
    return read_object(s, at, depth + 1)
  elseif c == "[" then
    return read_list(s, at, depth + 1)
  elseif sub(s, at, at + 3) == "true" then
    return true, at + 4
  elseif sub(s, at, at + 4) == "false" then
    return false, at + 5
  elseif sub(s, at, at + 3) == "null" then
    return null, at + 4
  end
  local _, stop = find(s, "^-?%d+", at)
  if stop then
    local _, point = find(s, "^%.%d+", stop + 1)
    stop = point or stop
    local _, power = find(s, "^[eE][+-]?%d+", stop + 1)
    stop = power or stop
    local word = sub(s, at, stop)
    if not find(word, "^-?0%d") then
      return tonumber(word), stop + 1
    end
  end
  wrong(at, "no JSON value")
end

-- Returns the value, or nil and what is wrong.
function json.decode(s)
  if type(s) ~= "string" then
    error("json.decode wants a string", 2)
  end
  P.charge(#s / 50)
  local function whole()
    local value, at = read(s, 1, 0)
    local rest = find(s, "[^ \t\r\n]", at)
    if rest then
      wrong(rest, "more after the value")
    end
    return value
  end
  local ok, value = P.pcall(whole)
  if ok then
    return value
  end
  if type(value) == "table" then
    return nil, value.message
  end
  error(value, 0)
end

local quoted = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function quote(s)
  return '"' .. gsub(s, '[%c"\\]', function(c)
    return quoted[c] or format("\\u%04x", byte(c))
  end) .. '"'
end

local function write(value, out, depth)
  local kind = type(value)
  if depth > DEEPEST then
    error({ message = "json.encode: nested too deeply" })
  end
  if value == nil or value == null then
    out[#out + 1] = "null"
  elseif kind == "string" then
    out[#out + 1] = quote(value)
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif kind == "number" then
    if value ~= value or value == huge or value == -huge then
      error({ message = "json.encode: " .. tostring(value) .. " has no form in JSON" })
    end
    out[#out + 1] = floor(value) == value and value > -2 ^ 53 and value < 2 ^ 53 and format("%d", value)
      or format("%.14g", value)
  elseif kind == "table" then
    local n = #value
    if n > 0 or next(value) == nil and depth >= 0 and value[1] ~= nil then
      out[#out + 1] = "["
      for i = 1, n do
        if i > 1 then
          out[#out + 1] = ","
        end
        write(value[i], out, depth + 1)
      end
      out[#out + 1] = "]"
    else
      local names = {}
      for name in pairs(value) do
        if type(name) ~= "string" then
          error({ message = "json.encode: a name that is a " .. type(name) })
        end
        names[#names + 1] = name
      end
      sort(names) -- the same value is always the same text
      out[#out + 1] = "{"
      for i = 1, #names do
        out[#out + 1] = (i > 1 and "," or "") .. quote(names[i]) .. ":"
        write(value[names[i]], out, depth + 1)
      end
      out[#out + 1] = "}"
    end
  else
    error({ message = "json.encode: a " .. kind .. " has no form in JSON" })
  end
end

function json.encode(value)
  local out = {}
  local ok, problem = P.pcall(write, value, out, 0)
  if not ok then
    error(type(problem) == "table" and problem.message or problem, 2)
  end
  P.part("strings")
  return P.safe.table.concat(out)
end

P.safe.json = P.library_of("json", json)
