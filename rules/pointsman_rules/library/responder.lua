-- Small answers without a server: robots.txt, ACME challenges, health, proxy.pac, a status in JSON.
options {
  pages = {"map", {}, "path -> text"},
  health = {"string", "/health", "path that tells whether servers are up; empty for none"},
  challenges = {"map", {}, "token -> key authorization, under /.well-known/acme-challenge/"},
}

local kinds = { txt = "text/plain", pac = "application/x-ns-proxy-autoconfig", json = "application/json",
  html = "text/html", xml = "application/xml" }

on.request(function(req)
  local path = req.path
  local page = config.pages[path]
  if page then
    local kind = kinds[path:match("%.(%a+)$") or ""] or "text/plain"
    return respond(200, page, {["content-type"] = kind .. "; charset=utf-8"})
  end
  local token = path:match("^/%.well%-known/acme%-challenge/([%w_-]+)$")
  if token and config.challenges[token] then
    return respond(200, config.challenges[token], {["content-type"] = "text/plain"})
  end
  if config.health ~= "" and path == config.health then
    local up = pools[req.pool]:healthy()
    return respond(up > 0 and 200 or 503, json.encode({pool = req.pool, up = up, of = pools[req.pool]:size()}),
      {["content-type"] = "application/json", ["cache-control"] = "no-store"})
  end
end)
