-- Limits on what runs: instructions, CPU time and memory, over coroutines, pcall and metamethods.
-- First of the prelude: it keeps what the others need of the libraries, before they are taken away.
local P = ...

local sethook, traceback = debug.sethook, debug.traceback
local clock, used = os.clock, collectgarbage
local create, resume, yield, running = coroutine.create, coroutine.resume, coroutine.yield, coroutine.running
local pcall, error, type, tostring, rawget = pcall, error, type, tostring, rawget
local setmetatable, getmetatable, rawset, find = setmetatable, getmetatable, rawset, string.find

P.traceback, P.create, P.resume = traceback, create, resume
P.pcall, P.getinfo = pcall, debug.getinfo
P.running, P.used, P.metatable_of = running, used, debug.getmetatable
P.bit, P.load = bit, loadstring or load

-- Parts of the prelude that few rules want: run when they are asked for.
local load, got = P.load, {}
function P.part(name)
  if not got[name] then
    load(P.code_of(name), "=host")(P)
    got[name] = true
  end
end

function P.all_parts()
  for _, part in pairs(P.part_of) do
    P.part(part)
  end
  P.part("probes")
end

-- The hook fires every STEP instructions; every LOOK of these it reads the clock.
local STEP, LOOK = 499, 2
local one_hook_for_all = jit ~= nil -- LuaJIT has a single hook, PUC Lua one for each coroutine

local soft = P.soft -- KiB of memory that all may use
local seconds -- of CPU that a run may use
local left, look, stop_at = 1e9, 1e9, nil -- the prelude itself is not counted
local NESTED, nested = 100, 0 -- how many calls that catch errors may be, and are, inside each other
local spent = nil -- why the run must end; while it is set the hook fires on each instruction

local hook

-- Let the hook fire on each instruction of this coroutine. To tell Lua so takes as long as its calls
-- are deep, so it is told once.
local tight = {}
local function tighten()
  local co = running() or tight
  if not tight[co] then
    tight[co] = true
    sethook(hook, "", 1)
  end
end

local function refuse(why)
  if not spent then
    spent, tight = why, {}
  end
  tighten()
  error(why, 0)
end

-- Read the clock, and how much memory there is.
local function look_now()
  look = LOOK
  local now = clock()
  if not stop_at then
    stop_at = now + seconds
  elseif now > stop_at then
    return refuse(P.too_long)
  end
  if used("count") > soft then
    return refuse(P.too_big)
  end
end

hook = function()
  if one_hook_for_all and running() == nil then
    -- Rules run in coroutines only: a run that had to end is over, its hook is for nobody else.
    if spent then
      spent = nil
      sethook(hook, "", STEP)
    end
    return
  end
  if spent then
    tighten()
    error(spent, 0)
  end
  left = left - 1
  if left < 0 then
    return refuse(P.too_many)
  end
  look = look - 1
  if look <= 0 then
    return look_now()
  end
end

-- A run begins: `most` instructions, `cpu` seconds.
local given = 0
function P.begin(most, cpu)
  nested = 0
  given = most / STEP
  left, look, stop_at, spent, seconds = most / STEP, 2, nil, nil, cpu
end

-- Instructions of the last run, as far as the hook has seen them: right on an average over many.
function P.instructions()
  return (given - left) * STEP
end

function P.arm(co)
  if one_hook_for_all then
    return
  end
  sethook(co, hook, "", STEP)
end

if one_hook_for_all then
  sethook(hook, "", STEP)
end

-- CPU seconds of this run so far, as far as the hook has looked.
function P.cpu()
  return stop_at and clock() - (stop_at - seconds) or 0
end

function P.is_spent()
  return spent ~= nil
end

-- What C code costs, in instructions: the hook does not see it.
local function charge(cost)
  local steps = cost / STEP
  left = left - steps
  if left < 0 then
    refuse(spent or P.too_many)
  end
  look = look - steps
  if look <= 0 then
    look_now()
  end
end
P.charge = charge

-- Before anything is handed to the host or asked of it: with a full heap that would end the
-- process, and here an error is only an error.
function P.room()
  if used("count") > soft then
    refuse(P.too_big)
  end
end

-- Functions of the host, fetched when they are first called: most are never.
local function fetched(group)
  return setmetatable({}, {
    __index = function(t, name)
      if type(name) ~= "string" then
        return nil
      end
      P.room()
      local f = P.fetch(group, name)
      t[name] = f
      return f
    end,
  })
end
P.py, P.reads, P.writes = fetched("py"), {}, {}
for kind in pairs(P.kinds) do
  P.reads[kind], P.writes[kind] = fetched("read " .. kind), fetched("write " .. kind)
end

-- Errors leave as text: objects of the host would be a way out, and tables lose their meaning.
local function as_text(problem)
  local kind = type(problem)
  if kind == "string" then
    return problem
  end
  if kind == "number" or kind == "boolean" then
    return tostring(problem)
  end
  if kind == "table" and type(rawget(problem, "message")) == "string" then
    return rawget(problem, "message")
  end
  return "an error that is a " .. kind
end
P.as_text = as_text

-- What the library says when something waits inside table.sort or gsub.
function P.explained(problem)
  problem = as_text(problem)
  if find(problem, "attempt to yield across", 1, true) then
    return problem .. ": nothing can wait inside table.sort or string.gsub"
  end
  return problem
end

-- Where C calls are nested as deep as may be, the hook cannot be called either: what it meets is an
-- error, and nothing was counted. So each error that is caught costs what the hook would have counted.
local function failed(problem)
  charge(STEP)
  return type(problem) == "userdata" and as_text(problem) or problem
end

-- Each error that is caught takes as long as the calls below it are deep. So they are not nested deeply,
-- or a run that has to end would have to be ended at each of them, for seconds.
local function deeper(what)
  if nested >= NESTED then
    error(what .. ": more than " .. NESTED .. " inside each other", 3)
  end
  nested = nested + 1
  return nested - 1
end

local function caught(before, ok, problem, ...)
  nested = before
  if not ok then
    return false, failed(problem)
  end
  return ok, problem, ...
end

local safe = {}
P.safe = safe

function safe.pcall(f, ...)
  return caught(deeper("pcall"), pcall(f, ...))
end

-- A handler of errors would run inside the hook, where no hook can stop it: it runs afterwards.
local function handled(on_error, before, ok, problem, ...)
  nested = before
  if ok then
    return ok, problem, ...
  end
  return false, on_error(failed(problem))
end

function safe.xpcall(f, on_error, ...)
  return handled(on_error, deeper("xpcall"), pcall(f, ...))
end

function safe.error(problem, level)
  if problem == nil then
    problem = "error(nil)"
  end
  if type(level) ~= "number" then
    level = 1
  end
  error(problem, level == 0 and 0 or level + 1)
end

-- Finalizers run with hooks off: nothing could end them.
function safe.setmetatable(t, mt)
  if type(t) ~= "table" or mt ~= nil and type(mt) ~= "table" then
    error("setmetatable wants a table, and a table or nil", 2)
  end
  if getmetatable(t) == false then
    error("this table cannot be given another metatable", 2)
  end
  if type(mt) == "table" and rawget(mt, "__gc") ~= nil then
    error("a metatable of a rule cannot have __gc", 2)
  end
  return setmetatable(t, mt)
end

function safe.rawset(t, key, value)
  if getmetatable(t) == false then
    error("this table cannot be changed", 2)
  end
  return rawset(t, key, value)
end

local co = {}
safe.coroutine = co

function co.create(f)
  if type(f) ~= "function" then
    error("coroutine.create wants a function", 2)
  end
  charge(STEP) -- what is over before the hook fires is not counted
  local made = create(f)
  P.arm(made)
  return made
end

function co.resume(made, ...)
  return caught(deeper("coroutine.resume"), resume(made, ...))
end

local function unwrapped(before, ok, problem, ...)
  nested = before
  if not ok then
    error(as_text(failed(problem)), 0)
  end
  return problem, ...
end

-- Not the library's own: that one closes the coroutine on an error, which runs __close with hooks off.
function co.wrap(f)
  local made = co.create(f)
  return function(...)
    return unwrapped(deeper("coroutine.wrap"), resume(made, ...))
  end
end

-- Whoever goes on is as deep as before, or as deep as who has resumed it.
local function gone_on(before, ...)
  if before > nested then
    nested = before
  end
  return ...
end

P.yield_plainly = yield
function P.yield(...)
  return gone_on(nested, yield(...))
end

co.yield, co.status = P.yield, coroutine.status

function co.running()
  return (running())
end
