-- `text` and the codecs: functions of the host that take text and give text.
local P = ...
local py, room, checked = P.py, P.room, P.checked
local error, type, setmetatable, select = error, type, setmetatable, select
local sub, find = string.sub, string.find
local safe, library, text, seconds = P.safe, P.library_of, P.text, P.seconds

-- ---- text ----

local t = {}
function t.contains(s, part)
  return find(text(s, "text.contains"), text(part, "text.contains"), 1, true) ~= nil
end
function t.starts(s, start)
  return sub(text(s, "text.starts"), 1, #start) == start
end
function t.ends(s, last)
  return last == "" or sub(text(s, "text.ends"), -#last) == last
end
function t.trim(s)
  s = text(s, "text.trim")
  local from = find(s, "%S")
  if not from then
    return ""
  end
  local to = #s
  while find(s, "^%s", to) do
    to = to - 1
  end
  return sub(s, from, to)
end
function t.split(s, sep, most)
  s, sep = text(s, "text.split"), text(sep, "text.split")
  if sep == "" then
    error("text.split wants a separator", 2)
  end
  local parts, from, n = {}, 1, 0
  while not most or n < most - 1 do
    local at, stop = find(s, sep, from, true)
    if not at then
      break
    end
    n = n + 1
    parts[n] = sub(s, from, at - 1)
    from = stop + 1
  end
  parts[n + 1] = sub(s, from)
  return parts
end
function t.replace(s, old, new, most)
  s, old, new = text(s, "text.replace"), text(old, "text.replace"), text(new, "text.replace")
  if old == "" then
    error("text.replace wants a text to be replaced", 2)
  end
  local parts, from, n = {}, 1, 0
  while not most or n < most do
    local at, stop = find(s, old, from, true)
    if not at then
      break
    end
    n = n + 1
    parts[#parts + 1] = sub(s, from, at - 1)
    parts[#parts + 1] = new
    from = stop + 1
  end
  parts[#parts + 1] = sub(s, from)
  P.part("strings")
  return safe.table.concat(parts), n
end
function t.glob(pattern, s)
  room()
  return checked(py.glob(text(pattern, "text.glob"), text(s, "text.glob")))
end
function t.re(pattern)
  room()
  local id, problem = py.re(text(pattern, "text.re"))
  if problem then
    error(problem, 2)
  end
  local r = {}
  function r.test(_, s)
    room()
    s = text(s, "re:test")
    P.charge(#s / 20)
    return (py.re_test(id, s))
  end
  function r.match(_, s)
    room()
    s = text(s, "re:match")
    P.charge(#s / 20)
    return py.re_match(id, s)
  end
  function r.replace(_, s, by)
    room()
    s = text(s, "re:replace")
    P.charge(#s / 10)
    return checked(py.re_replace(id, s, text(by, "re:replace")))
  end
  P.library.re_methods = r
  return setmetatable({}, { __index = r, __metatable = false, __newindex = function()
    error("an expression cannot be changed", 2)
  end })
end
safe.text = library("text", t)

-- ---- functions of the host that take and give text ----

-- Each: name of the host's function -> the least number of arguments.
local function plain(name, what, least)
  local f = py[name]
  return function(...)
    room()
    local n = select("#", ...)
    if n < least then
      error(what .. " wants " .. least .. " arguments, got " .. n, 2)
    end
    for i = 1, n do
      local kind = type((select(i, ...)))
      if kind ~= "string" and kind ~= "number" and kind ~= "boolean" and kind ~= "nil" then
        error(what .. " cannot take a " .. kind, 2)
      elseif kind == "nil" and i <= least then
        error(what .. " wants a string, got nil", 2)
      elseif kind == "string" then
        P.charge(#(select(i, ...)) / 10)
      end
    end
    return f(...)
  end
end

-- Some give nil and a reason (what came from outside is wrong), others an error (the rule is).
local function strict(name, what, least)
  local f = plain(name, what, least)
  return function(...)
    local value, problem = f(...)
    if problem ~= nil then
      error(problem, 2)
    end
    return value
  end
end

safe.base64 = library("base64", {
  encode = strict("base64_encode", "base64.encode", 1),
  decode = plain("base64_decode", "base64.decode", 1),
  encode_url = strict("base64url_encode", "base64.encode_url", 1),
  decode_url = plain("base64url_decode", "base64.decode_url", 1),
})
local function url_parts(s)
  room()
  local scheme, host, port, path, query, fragment = py.url_parse(text(s, "url.parse"))
  if scheme == nil then
    return nil, host
  end
  return { scheme = scheme, host = host, port = port, path = path, query = query, fragment = fragment }
end
safe.url = library("url", {
  encode = strict("url_encode", "url.encode", 1),
  decode = plain("url_decode", "url.decode", 1),
  parse = url_parts,
})
safe.hash = library("hash", {
  sha256 = strict("sha256", "hash.sha256", 1),
  sha1 = strict("sha1", "hash.sha1", 1),
  md5 = strict("md5", "hash.md5", 1),
  crc32 = strict("crc32", "hash.crc32", 1),
  number = strict("hash_number", "hash.number", 1),
})
safe.crypto = library("crypto", {
  hmac = strict("hmac", "crypto.hmac", 2),
  equal = strict("equal", "crypto.equal", 2),
  seal = strict("seal", "crypto.seal", 2),
  open = plain("open", "crypto.open", 2),
  hex = strict("hex", "crypto.hex", 1),
})
safe.ip = library("ip", {
  valid = plain("ip_valid", "ip.valid", 1),
  within = strict("ip_within", "ip.within", 2),
  version = plain("ip_version", "ip.version", 1),
})
safe.time = library("time", {
  now = function() return py.wall() end,
  monotonic = function() return py.monotonic() end,
  format = strict("time_format", "time.format", 1),
  http = strict("time_http", "time.http", 0),
  parse_http = plain("time_parse_http", "time.parse_http", 1),
  seconds = function(value)
    return seconds(value, "time.seconds")
  end,
})
safe.random = library("random", {
  number = strict("random_number", "random.number", 0),
  token = strict("random_token", "random.token", 0),
  bytes = strict("random_bytes", "random.bytes", 1),
})
safe.jwt = library("jwt", {
  -- The claims, or nil and why the token is not good.
  verify = function(token, key, options)
    room()
    options = options or {}
    P.part("json")
    local claims, problem = py.jwt_verify(text(token, "jwt.verify"), text(key, "jwt.verify"),
      safe.json.encode({
        algorithms = options.algorithms or { "HS256" },
        audience = options.audience,
        issuer = options.issuer,
        leeway = seconds(options.leeway, "leeway") or 0,
      }))
    if claims == nil then
      return nil, problem
    end
    return safe.json.decode(claims)
  end,
})
