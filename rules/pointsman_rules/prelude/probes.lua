-- What a scripted health check says to a server, and hears from it.
local P = ...
local clean, text, number, library = P.clean, P.text, P.number, P.library_of
local error, type, pairs, tonumber = error, type, pairs, tonumber
local match, find, lower, sub = string.match, string.find, string.lower, string.sub
local concat = table.concat

local MOST = 64 * 1024

local probe = {}

function probe.send(_, data)
  P.wait("probe_send", text(data, "probe:send"))
end

function probe.read(_, bytes)
  if bytes ~= nil and (number(bytes, "probe:read") < 1 or bytes > MOST or bytes % 1 ~= 0) then
    error("probe:read wants a number of bytes from 1 to " .. MOST, 2)
  end
  return (P.wait("probe_read", bytes or 0))
end

function probe.read_line()
  return (P.wait("probe_line"))
end

local function chunked()
  local parts, size = {}, 0
  while true do
    local line = probe.read_line()
    local length = line and tonumber(match(line, "^%x+") or "", 16)
    if not length then
      return nil, "the body breaks off"
    end
    size = size + length
    if size > MOST then
      return nil, "the body has more than 64 KiB"
    end
    if length == 0 then
      return concat(parts)
    end
    local data = probe.read(nil, length)
    if data == nil then
      return nil, "the body breaks off"
    end
    parts[#parts + 1] = data
    probe.read_line()
  end
end

local function body_of(method, status, headers)
  if method == "HEAD" or status == 204 or status == 304 then
    return ""
  end
  if find(lower(headers["transfer-encoding"] or ""), "chunked", 1, true) then
    return chunked()
  end
  local length = headers["content-length"]
  if length then
    length = tonumber(length)
    if not length or length > MOST then
      return nil, "the body has more than 64 KiB"
    end
    if length == 0 then
      return ""
    end
    local data = probe.read(nil, length)
    if data == nil then
      return nil, "the body breaks off"
    end
    return data
  end
  local parts, size = {}, 0
  while size <= MOST do
    local data = probe.read()
    if data == nil then
      return concat(parts)
    end
    parts[#parts + 1], size = data, size + #data
  end
  return nil, "the body has more than 64 KiB"
end

function probe.http(_, request)
  request = request or {}
  local path = clean(request.path or "/", "path", 2)
  if sub(path, 1, 1) ~= "/" or find(path, "%s") then
    error("probe:http: a path begins with / and has no blanks", 2)
  end
  local method = P.header_name(request.method or "GET", 2)
  local body = request.body and text(request.body, "body") or ""
  local lines = {
    method .. " " .. path .. " HTTP/1.1",
    "Host: " .. clean(request.host or P.probed_host or "server", "host", 2),
    "Connection: close",
  }
  for name, value in pairs(request.headers or {}) do
    lines[#lines + 1] = P.header_name(name, 2) .. ": " .. clean(value, name, 2)
  end
  if body ~= "" then
    lines[#lines + 1] = "Content-Length: " .. #body
  end
  probe.send(nil, concat(lines, "\r\n") .. "\r\n\r\n" .. body)
  local status
  repeat
    local first = probe.read_line()
    status = first and tonumber(match(first, "^HTTP/1%.[01] (%d%d%d)"))
    if not status then
      return nil, first and "it does not answer in HTTP/1" or "it closed without an answer"
    end
    local headers = {}
    while true do
      local line = probe.read_line()
      if line == nil then
        return nil, "its answer breaks off"
      elseif line == "" then
        break
      end
      local name, value = match(line, "^([^:%s]+):%s*(.-)%s*$")
      if name then
        name = lower(name)
        headers[name] = headers[name] and headers[name] .. ", " .. value or value
      end
    end
    request = headers
  until status >= 200
  local whole, problem = body_of(method, status, request)
  if whole == nil then
    return nil, problem
  end
  return { status = status, headers = request, body = whole }
end

P.probe = library("probe", probe)
P.library.probe = nil
P.library.probe_methods = probe
