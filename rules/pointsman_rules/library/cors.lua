-- Cross-origin requests: preflights are answered here, answers are given their fields. In YAML: `cors`.
options {
  origins = {"list", {}, "that may ask; \"*\" is everybody", required = true},
  methods = {"string", "GET, POST, PUT, PATCH, DELETE, OPTIONS", "that they may use"},
  headers = {"string", "", "that they may send; without it those that are asked for"},
  credentials = {"boolean", false, "whether cookies may be sent"},
  max_age = {"duration", "10m", "for which a preflight counts"},
}

local allowed = {}
for _, origin in ipairs(config.origins) do
  allowed[origin] = true
end

local function granted(origin)
  if not origin or not (allowed[origin] or allowed["*"]) then
    return nil
  end
  return allowed["*"] and not config.credentials and "*" or origin
end

on.request(function(req, ctx)
  local origin = granted(req.headers.origin)
  ctx.origin = origin
  if req.method ~= "OPTIONS" or not req.headers["access-control-request-method"] then
    return
  end
  if not origin then
    return refuse(403)
  end
  return respond(204, "", {
    ["access-control-allow-origin"] = origin,
    ["access-control-allow-methods"] = config.methods,
    ["access-control-allow-headers"] = config.headers ~= "" and config.headers
      or req.headers["access-control-request-headers"] or "",
    ["access-control-allow-credentials"] = config.credentials and "true" or nil,
    ["access-control-max-age"] = string.format("%d", config.max_age),
    vary = "Origin",
  })
end)

on.response(function(req, res, ctx)
  if ctx.origin then
    res.headers["access-control-allow-origin"] = ctx.origin
    res.headers["access-control-allow-credentials"] = config.credentials and "true" or nil
    res.headers:add("vary", "Origin")
  end
end)
