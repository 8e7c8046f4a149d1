-- Asks another server when one answers with an error; only what may be sent twice.
options {
  statuses = {"list", {500, 502, 503, 504}, "that lead to another try"},
  most = {"integer", 2, "further tries"},
}

local again = {}
for _, status in ipairs(config.statuses) do
  again[status] = true
end

on.response(function(req, res, ctx)
  if res.source == "upstream" and again[res.status] and req.idempotent
    and (ctx.tries or 0) < config.most then
    ctx.tries = (ctx.tries or 0) + 1
    log.info("another try", {status = res.status, server = res.server})
    return retry()
  end
end)
