-- Chooses the pool by country or region: from a list of networks, or from a header of a service in front.
options {
  list = {"string", "", "name of a list of networks with their countries (kind: cidr)"},
  header = {"string", "", "name of a header that tells the country"},
  pools = {"map", {}, "country -> pool", required = true},
}

on.request(function(req, ctx)
  local country = config.header ~= "" and req.headers[config.header]
    or config.list ~= "" and lists[config.list]:get(req.client.ip)
  if country and country ~= "" then
    ctx.country = country
    ctx.pool = config.pools[country:upper()]
    req.headers["x-country"] = country
  end
end)

on.log(function(req, ctx)
  if ctx.country then
    log.field("country", ctx.country)
  end
end)
