-- Chooses the pool by host and by how the path begins; the longest beginning wins. In YAML: routes.
options { routes = {"map", {}, "\"HOST/PATH\" or \"/PATH\" -> pool", required = true} }

local starts = {}
for start in pairs(config.routes) do
  starts[#starts + 1] = start
end
table.sort(starts, function(a, b) return #a > #b end)

on.request(function(req, ctx)
  local host = text.split(req.host, ":")[1]:lower()
  for _, start in ipairs(starts) do
    if text.starts(req.path, start) or text.starts(host .. req.path, start) then
      ctx.pool = config.routes[start]
      return
    end
  end
end)
