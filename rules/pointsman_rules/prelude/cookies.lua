-- Cookies of requests and answers, and the arguments of the query.
local P = ...
local py, clean, checked, records, flush, forget = P.py, P.clean, P.checked, P.records, P.flush, P.forget
local error, type, tostring, floor, table = error, type, tostring, math.floor, table
local REQUEST, RESPONSE = 1, 2 -- which head it is

local function frozen(what)
  return function()
    error(what .. " cannot be changed", 2)
  end
end

-- `side`: of the head in which they stand, nil if they do not.
local function named_type(what, side, read_name, write_name, all_name)
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
  local methods = {}
  function methods.get(t, name)
    return (read(number_of(t), tostring(name)))
  end
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
    return methods[name] or (read(number_of(t), tostring(name)))
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
  cookies = named_type("req.cookies", REQUEST, "cookie", "put_cookie"),
  args = named_type("req.args", nil, "argument", "put_argument", "argument_at"),
  set_cookies = set_cookies,
}
