-- Sends plain HTTP to HTTPS, host and path kept. In YAML: a route with `redirect`.
options {
  status = {"integer", 301, "of the redirect", one_of = {301, 302, 307, 308}},
  port = {"integer", 443, "where HTTPS listens"},
  except = {"list", {"/.well-known/acme-challenge/"}, "paths that begin so stay plain"},
}

on.request(function(req)
  if req.scheme == "https" then
    return
  end
  for _, start in ipairs(config.except) do
    if text.starts(req.path, start) then
      return
    end
  end
  local host = text.split(req.host, ":")[1]
  local port = config.port == 443 and "" or ":" .. config.port
  return redirect("https://" .. host .. port .. req.target, config.status)
end)
