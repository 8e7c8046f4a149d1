-- Verbs: what a rule may return. Each is a table that only these functions can make.
local P = ...
local error, type, tostring, setmetatable, pairs, find = error, type, tostring, setmetatable, pairs, string.find
local ipairs, sort = ipairs, table.sort
local metatable_of = P.metatable_of

local Verb = { __metatable = false, __newindex = function()
  error("a verb cannot be changed", 2)
end }

local verbs = {}
P.verbs = verbs

local function verb(name, ...)
  return setmetatable({ name, ... }, Verb)
end

function P.is_verb(value)
  return type(value) == "table" and metatable_of(value) == Verb
end

local function name_of(value, what)
  if type(value) ~= "string" or value == "" then
    error(what .. " wants a name", 3)
  end
  return value
end

-- CR, LF and NUL would end a header or the head early.
local function clean(value, what, level)
  local kind = type(value)
  if kind == "string" then
    if
      find(value, "%c")
      and (find(value, "\r", 1, true) or find(value, "\n", 1, true) or find(value, "\0", 1, true))
    then
      error(what .. ": the value holds a CR, LF or NUL", level + 1)
    end
    return value
  end
  if kind == "number" or kind == "boolean" then
    return tostring(value)
  end
  error(what .. " wants a string, got " .. (value == nil and "nil" or "a " .. kind), level + 1)
end
P.clean = clean

local function header_name(value, level)
  if type(value) ~= "string" or not find(value, "^[%w!#$%%&'*+.^_`|~-]+$") then
    error("a header's name must be a token, got " .. tostring(value), level + 1)
  end
  return value
end
P.header_name = header_name

-- `level`: where the rule stands; it is called as the last thing, so that is one less than usual.
local function answer(status, body, headers, level)
  if type(status) ~= "number" or status < 200 or status > 599 or status % 1 ~= 0 then
    error("a status is a whole number from 200 to 599", level)
  end
  if body ~= nil and type(body) ~= "string" then
    error("a body is a string", level)
  end
  local made = { "respond", status, body or "" }
  if headers ~= nil then
    if type(headers) ~= "table" then
      error("headers are a table, like {[\"retry-after\"] = \"10\"}", level)
    end
    local names = {}
    for name in pairs(headers) do
      names[#names + 1] = header_name(name, level)
    end
    sort(names)
    for _, name in ipairs(names) do
      local value = headers[name]
      for _, one in ipairs(type(value) == "table" and value or { value }) do
        made[#made + 1] = name
        made[#made + 1] = clean(one, name, level)
      end
    end
  end
  return setmetatable(made, Verb)
end

function verbs.respond(status, body, headers)
  return answer(status, body, headers, 2)
end

function verbs.redirect(url, status)
  url = clean(url, "redirect", 2)
  status = status or 302
  if status ~= 301 and status ~= 302 and status ~= 303 and status ~= 307 and status ~= 308 then
    error("redirect wants 301, 302, 303, 307 or 308", 2)
  end
  return answer(status, "", { location = url }, 2)
end

function verbs.pool(name)
  return verb("pool", name_of(name, "pool"))
end

-- `required`: refuse (503) rather than choose another.
function verbs.server(name, required)
  return verb("server", name_of(name, "server"), required == true)
end

-- One of our own error pages.
function verbs.refuse(status)
  if type(status) ~= "number" or status < 400 or status > 599 or status % 1 ~= 0 then
    error("refuse wants a status from 400 to 599", 2)
  end
  return verb("refuse", status)
end

function verbs.retry(options)
  if options == nil then
    return verb("retry", "", "", false)
  end
  if type(options) ~= "table" then
    error("retry wants a table, like retry{exclude = name}", 2)
  end
  local exclude, pool = options.exclude, options.pool
  return verb("retry", exclude == nil and "" or name_of(exclude, "retry{exclude = ...}"),
    pool == nil and "" or name_of(pool, "retry{pool = ...}"), options.unsafe == true)
end

for _, name in ipairs({ "close", "reset", "more" }) do
  verbs[name] = function()
    return verb(name, "")
  end
end

local function reason_of(reason, what)
  return reason == nil and "" or clean(reason, what, 3)
end

function verbs.up(reason)
  return verb("up", reason_of(reason, "up"))
end

function verbs.down(reason)
  return verb("down", reason_of(reason, "down"))
end

function verbs.degraded(percent, reason)
  if type(percent) ~= "number" or percent < 1 or percent > 100 or percent % 1 ~= 0 then
    error("degraded wants a percentage from 1 to 100", 2)
  end
  return verb("degraded", percent, reason_of(reason, "degraded"))
end

function verbs.replace(data)
  if type(data) ~= "string" then
    error("replace wants a string", 2)
  end
  return verb("replace", data)
end

local unpack = table.unpack or unpack

function P.is_legal(event, verb)
  return find(P.fetch("legal", event), " " .. verb .. " ", 1, true)
end

-- The flat form in which a verb leaves; errors say which verbs would have been right.
function P.exported(event, value, place)
  if type(value) == "table" and metatable_of(value) == Verb then
    local name = value[1]
    if not P.is_legal(event, name) then
      return "!error", place, name .. "() cannot be returned from on." .. event .. ": " .. P.fetch("legal words", event), ""
    end
    return unpack(value)
  end
  if type(value) == "string" and P.is_legal(event, "text") then
    return "text", value
  end
  return "!error", place, "on." .. event .. " returned a " .. type(value) .. ": " .. P.fetch("legal words", event), ""
end
