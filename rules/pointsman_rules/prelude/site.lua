-- What fewer rules ask of the program: lists, pools, metrics.
local P = ...
local py, room, checked, clean = P.py, P.room, P.checked, P.clean
local safe, library, named, text, number = P.safe, P.library_of, P.named, P.text, P.number
local error, tostring, setmetatable, pairs, ipairs = error, tostring, setmetatable, pairs, ipairs

local function list_of(name)
  local id, problem = py.list_id(name)
  if problem then
    error(problem, 3)
  end
  local l = {}
  function l.has(_, value)
    if value == nil then
      return false
    end
    room()
    return (py.list_has(id, text(value, "lists." .. name)))
  end
  function l.get(_, value)
    if value == nil then
      return nil
    end
    room()
    return (py.list_get(id, text(value, "lists." .. name)))
  end
  function l.size()
    room()
    return py.list_size(id)
  end
  P.library.list_methods = l
  return library("lists." .. name, l)
end
safe.lists = named("lists", list_of)

-- ---- pools and their servers ----

local server_fields = { name = true, address = true, weight = true, state = true, active = true, healthy = true }
local function server_of(pool, name)
  local s = {}
  for _, what in ipairs({ "drain", "maint", "ready" }) do
    s[what] = function()
      room()
      checked(py.server_do(pool, name, what, 0))
    end
  end
  function s.set_weight(_, weight)
    room()
    checked(py.server_do(pool, name, "set_weight", number(weight, "set_weight")))
  end
  P.library.server_methods = s
  return setmetatable({}, {
    __metatable = false,
    __newindex = function()
      error("a server cannot be changed like that: use set_weight, drain, maint, ready", 2)
    end,
    __index = function(_, key)
      if s[key] then
        return s[key]
      elseif not server_fields[key] then
        error("a server has no field '" .. tostring(key) .. "'", 2)
      end
      room()
      return checked(py.server_field(pool, name, key))
    end,
  })
end

safe.pools = named("pools", function(name)
  if not py.pool_is_there(name) then
    error("there is no pool '" .. name .. "'", 3)
  end
  local p = {}
  function p.servers()
    room()
    local list, i = {}, 1
    while true do
      local one = py.pool_server(name, i)
      if one == nil then
        return list
      end
      list[i] = server_of(name, one)
      i = i + 1
    end
  end
  function p.server(_, server)
    room()
    return py.server_field(name, text(server, "server"), "name") and server_of(name, server) or nil
  end
  function p.size()
    room()
    return py.pool_size(name)
  end
  function p.healthy()
    room()
    return py.pool_healthy(name)
  end
  P.library.pool_methods = p
  return library("pools." .. name, p)
end)

-- ---- metrics ----

local metrics = {}
local function metric(kind, method)
  return function(name, labels)
    local words = { text(name, "metrics." .. kind) }
    local names = {}
    for label in pairs(labels or {}) do
      names[#names + 1] = text(label, "a label")
    end
    table.sort(names)
    for _, label in ipairs(names) do
      words[#words + 1] = label .. "=" .. clean(labels[label], "a label", 2)
    end
    room()
    local id, problem = py.metric(kind, table.concat(words, "\n"))
    if problem then
      error(problem, 2)
    end
    local m = {}
    m[method] = function(_, value)
      py.metric_change(id, value == nil and 1 or number(value, "a metric"))
    end
    return m
  end
end
metrics.counter = metric("counter", "add")
metrics.gauge = metric("gauge", "set")
safe.metrics = library("metrics", metrics)
