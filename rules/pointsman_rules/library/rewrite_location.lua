-- Location as clients can use it: scheme, host and port of servers become those that clients know.
options {
  hosts = {"list", {}, "hosts of servers, with their port, as they write them", required = true},
  to = {"string", "", "scheme and host instead; without it those of the request"},
}

local inner = {}
for _, host in ipairs(config.hosts) do
  inner[host:lower()] = true
end

on.response(function(req, res)
  local location = res.headers.location
  local parts = location and url.parse(location)
  if not parts or not parts.host then
    return
  end
  local host = parts.host .. (parts.port and ":" .. string.format("%d", parts.port) or "")
  if inner[host] or inner[parts.host] then
    local to = config.to ~= "" and config.to or req.scheme .. "://" .. req.host
    res.headers.location = to .. location:sub(#location:match("^[^:]+://[^/?#]*") + 1)
  end
end)
