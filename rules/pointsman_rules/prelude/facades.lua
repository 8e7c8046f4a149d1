-- What rules see of an exchange: tables without anything in them over a number that the host knows.
-- `records` says which; when an exchange is over it forgets, so that late use is an error.
local P = ...
local error, type, tostring, setmetatable, floor = error, type, tostring, setmetatable, math.floor
local ipairs = ipairs
local room, py, clean = P.room, P.py, P.clean
local flush, forget = P.flush, P.forget
local REQUEST, RESPONSE, UPSTREAM = 1, 2, 3

local records = {}
P.records = records

local function number_of(t, level)
  local record = records[t]
  if record == nil then
    error("this is over: it belongs to an event that has ended", level or 3)
  end
  room()
  return record.number
end
P.number_of = number_of

local function checked(value, problem)
  if problem ~= nil then
    error(problem, 3)
  end
  return value
end
P.checked = checked

local function frozen(what)
  return function()
    error(what .. " cannot be changed", 2)
  end
end

-- An object of one kind: fields read by the host, fields written by it, parts made when asked for.
-- `fixed`: fields that never change, so that the host is asked for them once.
local function object_type(what, reads, writes, parts, side, fixed)
  local mt = { __metatable = false, __tostring = function() return what end }
  local once = {}
  for _, key in ipairs(fixed or {}) do
    once[key] = true
  end
  function mt.__index(t, key)
    local part = parts[key]
    if part ~= nil then
      local record = records[t]
      if record == nil then
        error("this is over: it belongs to an event that has ended", 2)
      end
      local made = record[part]
      if made == nil then
        made = part(record)
        record[part] = made
      end
      return made
    end
    local read = reads[key]
    if read == nil then
      error(what .. " has no field '" .. tostring(key) .. "'", 2)
    end
    local number = number_of(t)
    if not once[key] then
      return checked(read(number))
    end
    local record = records[t]
    local value = record[read]
    if value == nil then
      value = checked(read(number))
      record[read] = value
    end
    return value
  end
  function mt.__newindex(t, key, value)
    local write = writes[key]
    if write == nil then
      error(what .. "." .. tostring(key) .. " cannot be changed", 2)
    end
    if type(value) ~= "string" and type(value) ~= "number" then
      error(what .. "." .. key .. " wants a string or a number, got " .. type(value), 2)
    end
    local number = number_of(t)
    if key == "host" then
      forget(records[t], side) -- it stands in the head as well
    end
    checked(write(number, value))
  end
  return mt
end

local function object(record, mt)
  local made = setmetatable({}, mt)
  records[made] = record
  local objects = record.objects
  if objects == nil then
    record.objects = { made }
  else
    objects[#objects + 1] = made
  end
  return made
end
P.object = object

-- ---- headers: any case, in order, repeated ones apart ----

local function record_of(t)
  return records[t] or error("this is over: it belongs to an event that has ended", 3)
end

local function headers_type(side)
  local field, fields, all_fields = P.field, P.fields, P.all_fields
  local set_field, add_field, remove_field = P.set_field, P.add_field, P.remove_field
  local methods = {}

  function methods.get(t, name)
    return (field(record_of(t), side, name))
  end

  function methods.all(t, name)
    return (fields(record_of(t), side, name))
  end

  function methods.set(t, name, value)
    set_field(record_of(t), side, name, value)
  end

  function methods.add(t, name, value)
    add_field(record_of(t), side, name, value)
  end

  function methods.remove(t, name)
    remove_field(record_of(t), side, name)
  end

  -- Over what there is now: changing headers on the way is fine.
  function methods.each(t)
    local names, values, count = all_fields(record_of(t), side)
    local i = 0
    return function()
      i = i + 1
      if i <= count then
        return names[i], values[i]
      end
    end
  end

  local mt = { __metatable = false, __tostring = function() return "headers" end }
  function mt.__index(t, name)
    local method = methods[name]
    if method ~= nil then
      return method
    end
    local record = records[t] or record_of(t)
    if type(name) ~= "string" then
      error("a header's name is a string, got a " .. type(name), 2)
    end
    return (field(record, side, name))
  end
  function mt.__newindex(t, name, value)
    local record = record_of(t)
    if value == nil then
      remove_field(record, side, name)
    else
      set_field(record, side, name, value)
    end
  end
  return mt
end

-- ---- cookies and the arguments of the query ----

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

local request_headers, response_headers = headers_type(REQUEST), headers_type(RESPONSE)
local upstream_headers = headers_type(UPSTREAM)
local cookies = named_type("req.cookies", REQUEST, "cookie", "put_cookie")
local arguments = named_type("req.args", nil, "argument", "put_argument", "argument_at")

local tls = object_type("client.tls", P.reads.tls, {}, {})
local client = object_type("client", P.reads.client, {}, {
  tls = function(record)
    return py.secure(record.number) and object(record, tls) or false
  end,
}, nil, { "ip", "peer_ip", "port", "local_ip", "local_port", "secure" })

local function part(mt)
  return function(record)
    return object(record, mt)
  end
end

local function client_of(record)
  local made = record.client
  if made == nil then
    made = object(record, client)
    record.client = made
  end
  return made
end
P.client_of = client_of

P.types = {
  client = client,
  req = object_type("req", P.reads.req, P.writes.req, {
    headers = part(request_headers),
    cookies = part(cookies),
    args = part(arguments),
    client = client_of,
  }, REQUEST, { "id", "service", "scheme", "version", "ip" }),
  res = object_type("res", P.reads.res, P.writes.res, {
    headers = part(response_headers),
    cookies = part(set_cookies),
  }),
  up = object_type("up", P.reads.up, P.writes.up, { headers = part(upstream_headers) }, UPSTREAM),
  record = object_type("record", P.reads.record, {}, {}),
}
