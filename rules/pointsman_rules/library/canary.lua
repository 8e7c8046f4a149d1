-- A share of the clients goes to another pool, and stays there by a cookie.
options {
  pool = {"string", "", "of the canary", required = true},
  percent = {"number", 10, "of the clients that are not decided yet"},
  cookie = {"string", "canary", "that remembers it"},
  days = {"number", 30, "for which it is remembered"},
}

on.request(function(req, ctx)
  local known = req.cookies[config.cookie]
  local chosen = known == "1"
  if known ~= "1" and known ~= "0" then
    chosen = random.number() * 100 < config.percent
    ctx.decided = chosen and "1" or "0"
  end
  if chosen then
    ctx.pool = config.pool
  end
end)

on.response(function(req, res, ctx)
  if ctx.decided then
    res.cookies:set(config.cookie, ctx.decided,
      {path = "/", max_age = config.days * 86400, httponly = true, samesite = "Lax"})
  end
end)
