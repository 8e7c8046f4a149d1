-- What takes time: sleep, requests of our own, timers.
local P = ...
local py, clean, text, number, seconds = P.py, P.clean, P.text, P.number, P.seconds
local error, type, pairs, select = error, type, pairs, select
local sub, find, lower = string.sub, string.find, string.lower
local safe, library = P.safe, P.library_of
local unpack = table.unpack or unpack

-- ---- what waits ----

function safe.sleep(duration)
  local amount = number(seconds(duration, "sleep"), "sleep")
  P.wait("sleep", amount)
end

local function fetched(status, body, ...)
  local headers = {}
  for i = 1, select("#", ...), 2 do
    local name, value = select(i, ...)
    name = lower(name)
    headers[name] = headers[name] and headers[name] .. ", " .. value or value
  end
  return { status = status, body = body, headers = headers }
end

local function fetch(pool, options)
  options = options or {}
  local flat = {}
  for name, value in pairs(options.headers or {}) do
    flat[#flat + 1] = P.header_name(name, 3)
    flat[#flat + 1] = clean(value, name, 3)
  end
  local path = clean(options.path or "/", "path", 3)
  if sub(path, 1, 1) ~= "/" or find(path, "%s") then
    error("http.fetch: a path begins with / and has no blanks", 3)
  end
  local method = P.header_name(options.method or "GET", 3)
  local tls = options.tls
  if tls == true then
    tls = "*"
  elseif tls and (type(tls) ~= "string" or not find(tls, "^[%w.:-]+$")) then
    error("http.fetch: tls is true, or the name that the certificate must have", 3)
  end
  return fetched(P.wait("fetch", text(pool, "http.fetch"), method, path,
    options.body and text(options.body, "body") or "", tls or "", unpack(flat)))
end

safe.http = library("http", {
  fetch = function(pool, options)
    return fetch(pool, options)
  end,
  get = function(pool, path, headers)
    return fetch(pool, { path = path, headers = headers })
  end,
  post = function(pool, path, body, headers)
    return fetch(pool, { method = "POST", path = path, body = body, headers = headers })
  end,
})

-- ---- timers ----

local function timer(every, what)
  return function(delay, f)
    if type(f) ~= "function" then
      error(what .. " wants a duration and a function", 2)
    end
    local id, problem = py.timer(number(seconds(delay, what), what), every)
    if problem then
      error(problem, 2)
    end
    P.keep_timer(id, f)
  end
end
safe.every = timer(true, "every")
safe.after = timer(false, "after")
