-- What rules see of an exchange: tables without anything in them over a number that the host knows.
-- `records` says which; when an exchange is over it forgets, so that late use is an error.
local P = ...
local error, type, tostring, setmetatable, floor = error, type, tostring, setmetatable, math.floor
local ipairs = ipairs
local room, py, clean = P.room, P.py, P.clean
local flush, forget = P.flush, P.forget
local REQUEST, RESPONSE, UPSTREAM = 1, 2, 3 -- which head it is

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
  if record.first == nil then
    record.first = made -- mostly there is no other
  else
    local objects = record.objects or {}
    record.objects = objects
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

local request_headers, response_headers = headers_type(REQUEST), headers_type(RESPONSE)
local upstream_headers = headers_type(UPSTREAM)

local tls = object_type("client.tls", P.reads.tls, {}, {})
local client = object_type("client", P.reads.client, {}, {
  tls = function(record)
    return py.secure(record.number) and object(record, tls) or false
  end,
}, nil, { "ip", "peer_ip", "port", "local_ip", "local_port", "secure" })

local function cookie_part(name)
  return function(record)
    P.part("cookies")
    return object(record, P.cookie_types[name])
  end
end

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
    cookies = cookie_part("cookies"),
    args = cookie_part("args"),
    client = client_of,
  }, REQUEST, { "id", "service", "scheme", "version", "ip" }),
  res = object_type("res", P.reads.res, P.writes.res, {
    headers = part(response_headers),
    cookies = cookie_part("set_cookies"),
  }),
  up = object_type("up", P.reads.up, P.writes.up, { headers = part(upstream_headers) }, UPSTREAM),
  record = object_type("record", P.reads.record, {}, {}),
}
