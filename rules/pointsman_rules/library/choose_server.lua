-- The server by other things than load: a signed header of testers, blue or green by a table, the hour.
-- Needs the table `flags`: tables.flags "live" is blue or green; /flip, from the list of admins, changes it.
options {
  blue = {"string", "", "pool"},
  green = {"string", "", "pool"},
  admins = {"string", "", "name of a list of addresses that may flip"},
  key = {"string", "", "of the header X-Server: \"NAME hmac\", for testers"},
  night = {"map", {}, "pool for some hours: {pool = NAME, from = 0, to = 6} (UTC)"},
}

on.request(function(req, ctx)
  local asked = config.key ~= "" and req.headers["x-server"]
  if asked then
    local name, signature = asked:match("^(%S+) (%x+)$")
    if name and crypto.equal(signature, crypto.hmac(config.key, name)) then
      return server(name, true)
    end
    return refuse(403)
  end
  if req.path == "/flip" and config.admins ~= "" and lists[config.admins]:has(req.client.ip) then
    local live = tables.flags:get("live") == "green" and "blue" or "green"
    tables.flags:set("live", live, 0)
    return respond(200, live .. "\n")
  end
  local hour = tonumber(time.format("%H"))
  if config.night.pool and hour >= config.night.from and hour < config.night.to then
    ctx.pool = config.night.pool
  elseif config.blue ~= "" then
    ctx.pool = tables.flags:get("live") == "green" and config.green or config.blue
  end
end)
