-- Who causes too many errors is refused for a while. Needs the table `penalties`.
options {
  statuses = {"list", {401, 403, 404}, "that count"},
  most = {"integer", 20, "of them"},
  window = {"duration", "1m", "in which they are counted"},
  time = {"duration", "10m", "for which a client is refused"},
}

local counts = {}
for _, status in ipairs(config.statuses) do
  counts[status] = true
end

on.request(function(req)
  if tables.penalties:get("out " .. req.client.ip) then
    return respond(403, "refused for a while\n")
  end
end)

on.response(function(req, res)
  local who = req.client.ip
  if res.source == "upstream" and counts[res.status]
    and tables.penalties:incr("n " .. who, 1, config.window) >= config.most then
    tables.penalties:set("out " .. who, true, config.time)
    log.warn("refused for a while", {client = who})
  end
end)
