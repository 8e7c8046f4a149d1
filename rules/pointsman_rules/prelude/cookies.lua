-- Cookies of requests and answers, and the arguments of the query.
local P = ...
local py, clean, checked, records, flush, forget = P.py, P.clean, P.checked, P.records, P.flush, P.forget
local error, type, tostring, floor, table = error, type, tostring, math.floor, table
local find, byte, sub, field, fields = string.find, string.byte, string.sub, P.field, P.fields
local REQUEST, RESPONSE = 1, 2 -- which head it is

local function frozen(what)
  return function()
    error(what .. " cannot be changed", 2)
  end
end

-- The cookie of that name in a line of them; nil also where the host has to look.
local function cookie_in(line, name)
  local at, wanted = 1, name .. "="
  while true do
    local start, equals = find(line, wanted, at, true)
    if start == nil then
      return nil
    end
    local before = start - 1
    local c = byte(line, before)
    while c == 32 or c == 9 do
      before = before - 1
      c = byte(line, before)
    end
    if before == 0 or c == 59 then
      local from, last = equals + 1, (find(line, ";", equals, true) or #line + 1) - 1
      c = byte(line, last)
      while last >= from and (c == 32 or c == 9) do
        last = last - 1
        c = byte(line, last)
      end
      while byte(line, from) == 32 or byte(line, from) == 9 do
        from = from + 1
      end
      return sub(line, from, last)
    end
    at = equals + 1
  end
end

-- Whether it can be told without the host, and the cookie of that name. (The host takes blanks away
-- before the `=` as well.)
local function found(record, name)
  local line = field(record, REQUEST, "cookie")
  if line == nil then
    return true
  end
  if type(name) ~= "string" or find(name, "=", 1, true) or find(line, " =", 1, true) or find(line, "\t=", 1, true) then
    return false
  end
  local value = cookie_in(line, name)
  return value ~= nil or #fields(record, REQUEST, "cookie") == 1, value
end

-- `quick`: may know the value without the host; see `found`.
-- `side`: of the head in which they stand, nil if they do not.
local function named_type(what, side, read_name, write_name, all_name, quick)
  local function read(...)
    return py[read_name](...)
  end
  local function write(...)
    return py[write_name](...)
  end
  local all = all_name and function(...)
    return py[all_name](...)
  end
  local function number_of(t, changes)
    local number = P.number_of(t, 4)
    if changes and side then
      forget(records[t], side)
    elseif side then
      flush(records[t], side)
    end
    return number
  end
  local function got(t, name)
    local number = number_of(t)
    if quick then
      local known, value = quick(records[t], name)
      if known then
        return value
      end
    end
    return (read(number, tostring(name)))
  end
  local methods = { get = got }
  if all then
    function methods.all(t, name)
      local n, found, i = number_of(t), {}, 1
      while true do
        local value = all(n, tostring(name), i)
        if value == nil then
          return found
        end
        found[i] = value
        i = i + 1
      end
    end
  end
  function methods.set(t, name, value)
    checked(write(number_of(t, true), tostring(name), clean(value, what, 2)))
  end
  function methods.remove(t, name)
    checked(write(number_of(t, true), tostring(name), nil))
  end
  local mt = { __metatable = false, __tostring = function() return what end }
  function mt.__index(t, name)
    return methods[name] or (got(t, name))
  end
  function mt.__newindex(t, name, value)
    checked(write(number_of(t, true), tostring(name), value ~= nil and clean(value, what, 2) or nil))
  end
  return mt
end

local function flag(value, word)
  if value == true then
    return word
  elseif value == false then
    return "!" .. word
  end
end

-- The attributes of a Set-Cookie as words for the host: "Secure", "!Secure", "Path=/".
local function attributes(options)
  if type(options) ~= "table" then
    error("cookie attributes are a table, like {secure = true, path = \"/\"}", 3)
  end
  local words = {}
  words[1] = flag(options.secure, "Secure")
  words[#words + 1] = flag(options.httponly, "HttpOnly")
  words[#words + 1] = options.samesite and "SameSite=" .. clean(options.samesite, "samesite", 3)
  words[#words + 1] = options.domain and "Domain=" .. clean(options.domain, "domain", 3)
  words[#words + 1] = options.path and "Path=" .. clean(options.path, "path", 3)
  words[#words + 1] = options.max_age and "Max-Age=" .. tostring(floor(options.max_age))
  local made = table.concat(words, "\n")
  if options.domain == false then
    made = made .. "\n!Domain"
  end
  return made
end

local set_cookies = { __metatable = false, __tostring = function() return "cookies" end }
do
  local function number_of(t, changes)
    local number = P.number_of(t, 4)
    if changes then
      forget(records[t], RESPONSE)
    else
      flush(records[t], RESPONSE)
    end
    return number
  end
  local methods = {}
  set_cookies.__index = function(t, name)
    return methods[name] or (py.set_cookie(number_of(t), tostring(name)))
  end
  set_cookies.__newindex = frozen("res.cookies: use res.cookies:set(name, value, attributes); a cookie")
  function methods.get(t, name)
    return (py.set_cookie(number_of(t), tostring(name)))
  end
  function methods.names(t)
    local n, found, i = number_of(t), {}, 1
    while true do
      local name = py.set_cookie_name(n, i)
      if name == nil then
        return found
      end
      found[i] = name
      i = i + 1
    end
  end
  function methods.attribute(t, name, attribute)
    return (py.set_cookie_attribute(number_of(t), tostring(name), tostring(attribute)))
  end
  function methods.set(t, name, value, options)
    local words = options == nil and "" or attributes(options)
    checked(py.put_set_cookie(number_of(t, true), tostring(name), clean(value, "cookie", 2), words))
  end
  function methods.change(t, name, options)
    checked(py.change_set_cookie(number_of(t, true), tostring(name), attributes(options)))
  end
  function methods.remove(t, name)
    checked(py.remove_set_cookie(number_of(t, true), tostring(name)))
  end
end

P.cookie_types = {
  cookies = named_type("req.cookies", REQUEST, "cookie", "put_cookie", nil, found),
  args = named_type("req.args", nil, "argument", "put_argument", "argument_at"),
  set_cookies = set_cookies,
}
