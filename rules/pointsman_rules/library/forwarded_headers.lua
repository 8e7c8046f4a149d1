-- X-Forwarded-* as servers are to see them: believed from proxies on a list, replaced from all others.
-- The service must not write them too: `forwarding: {x_forwarded: false}`.
options {
  trusted = {"list", {}, "networks of proxies whose fields are believed"},
  port = {"boolean", true, "send X-Forwarded-Port"},
}

local function believed(ip_)
  for _, network in ipairs(config.trusted) do
    if ip.within(ip_, network) then
      return true
    end
  end
end

on.request(function(req)
  local client, headers = req.client, req.headers
  local before = believed(client.peer_ip) and headers["x-forwarded-for"]
  headers["x-forwarded-for"] = before and before .. ", " .. client.peer_ip or client.peer_ip
  if not before or not headers["x-forwarded-proto"] then
    headers["x-forwarded-proto"] = req.scheme
    headers["x-forwarded-host"] = req.host
    headers["x-forwarded-port"] = config.port and tostring(client.local_port) or nil
  end
  headers["x-real-ip"] = before and text.trim(text.split(before, ",")[1]) or client.peer_ip
end)
