-- So many requests in a time by address, path or API key; more are answered with 429. Needs the table `rates`.
options {
  limit = {"integer", 100, "requests"},
  window = {"duration", "1m", "in which they are counted"},
  by = {"string", "ip", "what is counted apart", one_of = {"ip", "path", "header"}},
  header = {"string", "X-API-Key", "for by: header"},
}

on.request(function(req)
  local key = req.client.ip
  if config.by == "path" then
    key = key .. " " .. req.path
  elseif config.by == "header" then
    key = req.headers[config.header] or key
  end
  local count = tables.rates:incr(key, 1, config.window)
  if count > config.limit then
    local wait = tables.rates:ttl(key) or config.window
    return respond(429, "too many requests\n", {
      ["retry-after"] = string.format("%d", math.ceil(wait)),
      ["content-type"] = "text/plain",
    })
  end
end)
