-- Events: how one is run, in a coroutine that waits for the next.
local P = ...
local error, type, tostring, rawget, ipairs = error, type, tostring, rawget, ipairs
local create, resume, running = P.create, P.resume, P.running
local done, yield = P.yield_plainly, P.yield
local begin, arm, cpu = P.begin, P.arm, P.cpu
local records, object, types, exported = P.records, P.object, P.types, P.exported
local flush_all, used, soft = P.flush_all, P.used, P.soft
local set = setmetatable
local pairs, gmatch = pairs, string.gmatch

local DONE = {} -- what a run yields when it has ended; nobody else has it
local MOST_IDLE = 64

local live = {} -- number of an exchange -> its record
local idle, idles = {}, 0 -- coroutines that wait for work
local current -- the one that works now
local lists = P.lists -- event -> functions that are switched on, with `n` and the file of each
local waiting, tickets = {}, 0 -- ticket -> the coroutine that waits

-- ---- one run ----

local function runner()
  local state = { k = 0, event = "" }
  local function body(list, k, a, b, c, d)
    while true do
      local value
      local n, chain = list.n, list.chain
      state.changed = nil
      while k <= n do
        state.k = k
        value = list[k](a, b, c, d)
        if value ~= nil then
          if chain and type(value) == "string" then
            -- A changed body: the next function is given it.
            if chain == 2 then
              b = value
            else
              c = value
            end
            state.changed = value
          else
            break
          end
        end
        k = k + 1
      end
      if chain and type(value) ~= "table" then
        value = state.changed
      end
      list, k, a, b, c, d = done(DONE, value)
    end
  end
  state.co = create(body)
  arm(state.co)
  return state
end

local function taken(event, record)
  local state
  if idles > 0 then
    state = idle[idles]
    idle[idles] = nil
    idles = idles - 1
  else
    state = runner()
  end
  state.event, state.record = event, record
  current = state
  return state
end

local function chosen(record)
  local ctx = record.ctx
  local pool, server = rawget(ctx, "pool"), rawget(ctx, "server")
  if pool ~= nil or server ~= nil then
    return "choose", type(pool) == "string" and pool or "", type(server) == "string" and server or ""
  end
end

-- The heads that were changed go before what was said.
local function with_heads(record, ...)
  for side = 3, 1, -1 do
    local head = record[side]
    if head ~= nil and head.changed then
      head.changed = false
      return "!head", side, head.raw, with_heads(record, ...)
    end
  end
  return ...
end

local function ended(state, record, value)
  state.record = nil
  if idles < MOST_IDLE then
    idles = idles + 1
    idle[idles] = state
  end
  if record.changed then
    record.changed = false
    if value ~= nil then
      return with_heads(record, exported(state.event, value, state.k))
    elseif state.event == "request" then
      return with_heads(record, chosen(record))
    end
    return with_heads(record)
  end
  if value ~= nil then
    return exported(state.event, value, state.k)
  end
  if state.event == "request" then
    return chosen(record)
  end
end

local function not_ended(state, record, ok, tag, value, ...)
  flush_all(record)
  live[record.number] = record
  if ok then
    record.cpu = (record.cpu or 0) + cpu()
    tickets = tickets + 1
    waiting[tickets] = state
    return "!wait", tickets, tag, value, ...
  end
  return "!error", state.k, P.explained(tag), P.traceback(state.co), state.changed
end

local function settled(state, record, ok, tag, value, ...)
  if ok and tag == DONE then
    return ended(state, record, value)
  end
  return not_ended(state, record, ok, tag, value, ...)
end

-- What went wrong, if the error met the host itself (the hook of LuaJIT, which is the same for all).
function P.where()
  local state = current
  flush_all(state.record)
  return state.k, P.traceback(state.co), state.changed
end

local function begun(number)
  return { number = number, ctx = {} }
end

-- What rules hold of it is of no use any more.
local function forget(record)
  if record.req then
    records[record.req] = nil
  end
  if record.first ~= nil then
    records[record.first] = nil
    local objects = record.objects
    for i = 1, objects and #objects or 0 do
      records[objects[i]] = nil
    end
  end
end

local function record_of(number)
  local record = live[number]
  if record ~= nil then
    -- Between two events the host may have changed its heads.
    record[1], record[2], record[3] = nil, nil, nil
  else
    record = begun(number)
    record.req = set({}, types.req)
    records[record.req] = record
    live[number] = record
  end
  return record
end

local function bare(number)
  local record = live[number]
  if record == nil then
    record = begun(number)
    live[number] = record
  end
  return record
end

local most, seconds = P.most_steps, P.most_cpu

local function run(event, k, record, a, b, c, d)
  local state = taken(event, record)
  begin(most, seconds)
  return settled(state, record, resume(state.co, lists[event], k, a, b, c, d))
end

local function res_of(record)
  local res = record.res
  if res == nil then
    res = object(record, types.res)
    record.res = res
  end
  return res
end

local fire = {}
P.fire = fire

-- A request of which nobody wants to know more than this: unless it waits or fails, it is over as
-- soon as this returns. `raw` and `low`: see ``fire.request``.
local function once_settled(state, record, ok, tag, value, ...)
  if not ok or tag ~= DONE then
    return not_ended(state, record, ok, tag, value, ...)
  end
  if value ~= nil or record.changed or record.first ~= nil or idles >= MOST_IDLE then
    forget(record)
    return ended(state, record, value)
  end
  -- It has said nothing, and nothing has to be given back.
  records[record.req] = nil
  idles = idles + 1
  idle[idles] = state
  state.record = nil
  local ctx = record.ctx
  if rawget(ctx, "pool") ~= nil or rawget(ctx, "server") ~= nil then
    return chosen(record)
  end
end

local req_type = types.req
function fire.once(number, raw, low)
  if used("count") > soft then
    return "!full"
  end
  local req, ctx = set({}, req_type), {}
  local record
  if raw == nil then
    record = { number = number, ctx = ctx, req = req }
  else -- with room for what rules want to see
    local head = { raw = raw, low = low, more = false, changed = false }
    record = { head, number = number, ctx = ctx, req = req, first = nil, changed = false, x = nil, y = nil }
  end
  records[req] = record
  local state = idle[idles]
  if state == nil then
    state = runner()
  else
    idle[idles] = nil
    idles = idles - 1
  end
  state.event, state.record, current = "request", record, state
  begin(most, seconds)
  return once_settled(state, record, resume(state.co, lists.request, 1, req, ctx))
end

-- `raw` and `low` are the head as ``heads.lua`` has it, if the host knows that rules look at it.
function fire.request(number, k, raw, low)
  local record = record_of(number)
  if raw ~= nil then
    record[1] = { raw = raw, low = low, more = false, changed = false }
  end
  return run("request", k, record, record.req, record.ctx)
end

function fire.response(number, k, raw, low)
  local record = record_of(number)
  if raw ~= nil then
    record[2] = { raw = raw, low = low, more = false, changed = false }
  end
  return run("response", k, record, record.req, res_of(record), record.ctx)
end

function fire.upstream_request(number, k)
  local record = record_of(number)
  local up = object(record, types.up)
  return run("upstream_request", k, record, record.req, up, record.ctx)
end

function fire.selected(number, k, server)
  local record = record_of(number)
  return run("selected", k, record, record.req, record.ctx, server)
end

function fire.select(number, k, names)
  local record = record_of(number)
  local list = {}
  for name in gmatch(names, "[^\n]+") do
    list[#list + 1] = name
  end
  return run("select", k, record, record.req, list, record.ctx)
end

function fire.connect_failed(number, k, server, attempt, phase, message)
  local record = record_of(number)
  local failure = { server = server, attempt = attempt, phase = phase, message = message }
  return run("connect_failed", k, record, record.req, record.ctx, failure)
end

fire["error"] = function(number, k)
  local record = record_of(number)
  return run("error", k, record, record.req, res_of(record), record.ctx)
end

function fire.log(number, k)
  local record = record_of(number)
  return run("log", k, record, record.req, record.ctx, object(record, types.record))
end

function fire.request_body(number, k, body)
  local record = record_of(number)
  return run("request_body", k, record, record.req, body, record.ctx)
end

function fire.request_chunk(number, k, chunk, last)
  local record = record_of(number)
  return run("request_chunk", k, record, record.req, chunk, last, record.ctx)
end

function fire.response_body(number, k, body)
  local record = record_of(number)
  return run("response_body", k, record, record.req, res_of(record), body, record.ctx)
end

function fire.response_chunk(number, k, chunk, last)
  local record = record_of(number)
  return run("response_chunk", k, record, record.req, res_of(record), chunk, last)
end

-- Whether a rule has said `ctx.NAME = false`.
function P.declined(number, name)
  local record = live[number]
  return record ~= nil and rawget(record.ctx, name) == false
end

local function of_connection(event)
  return function(number, k, data, more)
    local record = bare(number)
    if data ~= nil then
      return run(event, k, record, P.client_of(record), record.ctx, data, more)
    end
    return run(event, k, record, P.client_of(record), record.ctx)
  end
end
for _, event in ipairs({ "connection", "client_hello", "tls", "data", "close" }) do
  fire[event] = of_connection(event)
end

for _, event in ipairs({ "load", "unload" }) do
  fire[event] = function(number, k)
    return run(event, k, bare(number))
  end
end

function fire.server_state(number, k, pool, server, old, new)
  return run("server_state", k, bare(number), pool, server, old, new)
end

function fire.health(number, k, name, address)
  P.probed_host = address
  P.part("probes")
  return run("health", k, bare(number), { name = name, address = address }, P.probe)
end

-- ---- files and timers: lists of one function ----

local function one(event, f, number)
  local record = bare(number)
  local state = taken(event, record)
  begin(event == "load" and most * 10 or most, event == "load" and seconds * 10 or seconds)
  return settled(state, record, resume(state.co, { f, n = 1 }, 1))
end

function P.run_file(file, f, number)
  P.loads(file)
  return one("load", f, number)
end

local timers = {}
function P.run_timer(id, number)
  local f = timers[id]
  if f then
    return one("timer", f, number)
  end
end

function P.keep_timer(id, f)
  timers[id] = f
end

-- ---- waiting ----

local waits = P.waits

-- Nobody wants to know any more.
function P.give_up(ticket)
  waiting[ticket] = nil
end

local function answered(ok, ...)
  if ok then
    return ...
  end
  error((...), 3)
end

function P.wait(op, ...)
  local state = current
  if running() ~= state.co then
    error("waiting is for the rule itself, not for a coroutine that it made", 3)
  end
  if not waits[state.event] then
    error("nothing can wait in on." .. state.event, 3)
  end
  return answered(yield(op, ...))
end

function P.go_on(ticket, ok, ...)
  local state = waiting[ticket]
  waiting[ticket] = nil
  local record = state and state.record
  if not record or live[record.number] ~= record then
    return
  end
  current = state
  record[1], record[2], record[3] = nil, nil, nil
  local rest = P.most_request_cpu - record.cpu
  begin(most, rest < seconds and (rest > 0 and rest or 0.0001) or seconds)
  return settled(state, record, resume(state.co, ok, ...))
end

-- The number of the exchange that is worked on; 0 in timers and while files are loaded.
function P.now()
  local record = current and current.record
  return record and record.number or 0, record and current.event or ""
end

-- An exchange, connection or timer has ended: nothing of it can be used any more.
function P.over(number)
  local record = live[number]
  if record ~= nil then
    live[number] = nil
    forget(record)
  end
end

function P.live()
  local n = 0
  for _ in pairs(live) do
    n = n + 1
  end
  return n
end
