-- While no server of the pool is up: another pool if it has one that is, else a page of one's own.
options {
  secondary = {"string", "", "pool that stands in"},
  page = {"string", "<h1>Back soon</h1>", "what is shown"},
  retry_after = {"duration", "60s", "what clients are told"},
}

on.request(function(req, ctx)
  if pools[req.pool]:healthy() > 0 then
    return
  end
  if config.secondary ~= "" and pools[config.secondary]:healthy() > 0 then
    ctx.pool = config.secondary
    return
  end
  return respond(503, config.page, {
    ["content-type"] = "text/html; charset=utf-8",
    ["retry-after"] = string.format("%d", config.retry_after),
    ["cache-control"] = "no-store",
  })
end)
