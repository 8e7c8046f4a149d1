-- Pins by a header, a JSON field or an XML element of the request. Needs the table `pins`.
options {
  header = {"string", "", "name of a header"},
  json = {"string", "", "names that lead to a field, with dots: session.id"},
  element = {"string", "", "name of an XML element, such as SessionId of SOAP"},
  timeout = {"duration", "20m", "since the last use"},
}

local element = config.element ~= ""
  and text.re("<(?:[\\w.-]+:)?" .. config.element .. "(?:\\s[^>]*)?>([^<]{1,256})<")

on.request(function(req, ctx)
  if config.header ~= "" then
    ctx.key = req.headers[config.header]
  end
  if ctx.key or config.json == "" and not element then
    ctx.request_body = false
  end
end)

on.request_body(function(req, body, ctx)
  if config.json ~= "" then
    local value = json.decode(body)
    for _, name in ipairs(text.split(config.json, ".")) do
      value = type(value) == "table" and value[name] or nil
    end
    ctx.key = value and tostring(value)
  elseif element then
    ctx.key = element:match(body)
  end
end)

on.select(function(req, servers, ctx)
  local server = ctx.key and tables.pins:get(ctx.key)
  for _, name in ipairs(server and servers or {}) do
    if name == server then
      return server
    end
  end
end)

on.response(function(req, res, ctx)
  if ctx.key and res.server ~= "" then
    tables.pins:set(ctx.key, res.server, config.timeout)
  end
end)
