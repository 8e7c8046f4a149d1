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
  shared = {},
}
for name, value in pairs(safe) do
  base[name] = value
end
for name, value in pairs(P.verbs) do
  base[name] = value
end
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

local strings = P.metatable_of("")
strings.__index = function(_, key)
  P.part("strings")
  return P.library.string[key]
end
strings.__metatable = false

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
  function env.options(declared)
    P.part("options")
    return P.options_of(declared, given, told)
  end
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
