-- Options: what a rule may be told in the configuration, declared by the rule.
local P = ...
local error, type, tostring, pairs, ipairs, next = error, type, tostring, pairs, ipairs, next
local concat = table.concat

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

function P.options_of(declared, given, told)
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
        P.option_problem = { name, "expected one of " .. concat(one.one_of, ", ") }
        error("the option '" .. name .. "' must be one of " .. concat(one.one_of, ", "), 2)
      end
    end
    config[name] = value
  end
  for name in pairs(given) do
    if declared[name] == nil then
      local known = {}
      for each in pairs(declared) do
        known[#known + 1] = each
      end
      table.sort(known)
      local there = #known > 0 and "; it has: " .. concat(known, ", ") or "; it has none"
      P.option_problem = { name, "this rule has no such option" .. there }
      error("there is no option '" .. tostring(name) .. "'", 2)
    end
  end
  told.declared = true
  told.config(config)
  return config
end
