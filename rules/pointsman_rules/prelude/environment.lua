-- Last of the prelude: the globals of a rule file, and how a file is loaded.
local P = ...
local safe, error, type, tostring, pairs, next = P.safe, error, type, tostring, pairs, next
local setmetatable, rawget, rawset, getmetatable = setmetatable, rawget, rawset, getmetatable
local load, loadstring, setfenv, find = load, loadstring, setfenv, string.find

local base = {
  assert = assert, ipairs = ipairs, next = next, pairs = pairs, select = select,
  tonumber = tonumber, type = type, rawequal = rawequal, rawget = rawget,
  -- Only tables of rules have metatables to be looked at.
  getmetatable = function(t)
    if type(t) == "table" then
      return getmetatable(t)
    end
  end,
  tostring = function(value)
    return type(value) == "userdata" and "userdata" or tostring(value)
  end,
  unpack = P.library.table.unpack,
  shared = {},
}
for name, value in pairs(safe) do
  base[name] = value
end
for name, value in pairs(P.verbs) do
  base[name] = value
end
base.string, base.table, base.coroutine = safe.string, safe.table, safe.coroutine
P.base = base

local part_of = P.part_of
setmetatable(base, {
  __metatable = false,
  __index = function(_, name)
    local part = part_of[name]
    if part then
      P.part(part)
      local value = safe[name]
      rawset(base, name, value)
      return value
    end
  end,
})

-- Strings are objects as well: what s:rep() finds must be ours, for all files of a service.
local strings = P.metatable_of("")
strings.__index = P.library.string
strings.__metatable = false

-- ---- options: what a rule may be told in the configuration, declared by the rule ----

local checks = {
  string = function(v) return type(v) == "string" and v or nil end,
  boolean = function(v) if type(v) == "boolean" then return v end end,
  number = function(v) return type(v) == "number" and v or nil end,
  integer = function(v) return type(v) == "number" and v % 1 == 0 and v or nil end,
  duration = function(v)
    local ok, made = P.pcall(P.seconds, v, "")
    return ok and made or nil
  end,
  list = function(v)
    return type(v) == "table" and (#v > 0 or next(v) == nil) and v or nil
  end,
  map = function(v)
    return type(v) == "table" and #v == 0 and v or nil
  end,
}
local a_list = { list = "a list", map = "a mapping", integer = "a whole number",
  duration = "a duration like 10s", number = "a number", string = "a string", boolean = "true or false" }

local function options_of(given, told)
  return function(declared)
    if type(declared) ~= "table" then
      error("options wants a table, like options{limit = {\"number\", 10, \"what it is\"}}", 2)
    end
    local config = {}
    for name, one in pairs(declared) do
      local kind = type(one) == "table" and one[1]
      if not checks[kind] then
        error("the option '" .. tostring(name) .. "' needs its type: " ..
          "string, boolean, number, integer, duration, list or map", 2)
      end
      local value = given[name]
      if value == nil then
        value = one[2]
        if value == nil and one.required then
          P.option_problem = { name, "is needed: " .. tostring(one[3] or a_list[kind]) }
          error("the option '" .. name .. "' is needed", 2)
        end
        if kind == "duration" then
          value = P.seconds(value, name)
        end
      else
        local made = checks[kind](value)
        if made == nil then
          P.option_problem = { name, "expected " .. a_list[kind] }
          error("the option '" .. name .. "' must be " .. a_list[kind], 2)
        end
        value = made
      end
      if value ~= nil and one.one_of then
        local fits = false
        for _, allowed in ipairs(one.one_of) do
          fits = fits or allowed == value
        end
        if not fits then
          P.option_problem = { name, "expected one of " .. P.library.table.concat(one.one_of, ", ") }
          error("the option '" .. name .. "' must be one of " .. P.library.table.concat(one.one_of, ", "), 2)
        end
      end
      config[name] = value
    end
    for name in pairs(given) do
      if declared[name] == nil then
        P.option_problem = { name, "this rule has no such option" }
        error("there is no option '" .. tostring(name) .. "'", 2)
      end
    end
    told.declared = true
    told.config(config)
    return config
  end
end

-- ---- loading ----

-- Compile: the function, or nil and what is wrong. `options` is JSON.
function P.compiled(name, source, options)
  P.begin(1e9, 1e9)
  local given = {}
  if options ~= "" then
    P.part("json")
    given = P.library.json.decode(options)
  end
  local env = {}
  local told = { declared = false }
  function told.config(config)
    env.config = config
  end
  env.options = options_of(given, told)
  env.config = given
  env._G = env
  setmetatable(env, { __index = base, __metatable = false })
  local f, problem
  if setfenv then
    f, problem = loadstring(source, "@" .. name)
    if f then
      setfenv(f, env)
    end
  else
    f, problem = load(source, "@" .. name, "t", env)
  end
  if not f then
    return nil, problem
  end
  return function()
    f()
    if not told.declared and next(given) ~= nil then
      P.option_problem = { next(given), "this rule has no options" }
      error("this rule takes no options: it never calls options{...}", 0)
    end
  end
end

-- What nobody may reach any more, also through a mistake in what stands above.
for _, name in pairs({
  "python", "io", "os", "package", "require", "debug", "load", "loadstring", "loadfile", "dofile",
  "collectgarbage", "newproxy", "getfenv", "setfenv", "module", "ffi", "jit", "bit", "utf8", "warn", "print",
}) do
  _G[name] = nil
end
string.dump = nil
