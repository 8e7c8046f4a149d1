-- Events: who registered for which.
local P = ...
local error, type, tostring, ipairs, pairs, set = error, type, tostring, ipairs, pairs, setmetatable
local gmatch = string.gmatch

local registered = {} -- event -> { {file, function}, ... } in order; only those that somebody wants
-- Of events whose functions change a body one after the other: which argument that is.
local chains = { request_body = 2, request_chunk = 2, response_body = 3, response_chunk = 3 }
local NOBODY = { n = 0, files = {} }
local lists = set({}, { __index = function() return NOBODY end })
P.lists = lists
local loading = nil -- number of the file that is being loaded

function P.loads(file)
  loading = file
end

function P.loaded()
  loading = nil
end

local names = {}
for event in gmatch(P.events, "%S+") do
  names[event] = true
end

local function on(event)
  return function(f)
    if loading == nil then
      error("on." .. event .. " is for the file itself: events cannot be registered later", 2)
    end
    if type(f) ~= "function" then
      error("on." .. event .. " wants a function", 2)
    end
    local all = registered[event] or {}
    registered[event] = all
    if #all >= 1000 then
      error("on." .. event .. ": more than 1000 functions", 2)
    end
    all[#all + 1] = { loading, f }
  end
end
P.safe.on = set({}, {
  __metatable = false,
  __newindex = function()
    error("on cannot be changed", 2)
  end,
  __index = function(_, event)
    return names[event] and on(event) or error("there is no event '" .. tostring(event) .. "'", 2)
  end,
})

-- Fill `lists` anew. `instead[file]` is nil, false (leave it out) or a verb that stands for it.
local instead = {}
local function compile()
  for event, all in pairs(registered) do
    local list = { n = 0, files = {}, chain = chains[event] }
    for _, pair in ipairs(all) do
      local file, f = pair[1], pair[2]
      local other = instead[file]
      if other then
        local stand_in = P.is_legal(event, other[1]) and other
        f = stand_in and function()
          return stand_in
        end
      elseif other == false then
        f = nil
      end
      if f then
        list.n = list.n + 1
        list[list.n], list.files[list.n] = f, file
      end
    end
    lists[event] = list
  end
end
P.compile = compile

function P.switch(file, on_, status)
  if on_ then
    instead[file] = nil
  elseif status > 0 then
    instead[file] = P.verbs.refuse(status)
  else
    instead[file] = false
  end
  compile()
end

function P.has(event)
  return registered[event] ~= nil
end

function P.file_of(event, k)
  local list = lists[event]
  return list and list.files[k]
end
