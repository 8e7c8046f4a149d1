-- A trace id for every request, parts of its time for the client, fields and metrics for the log.
options {
  server_timing = {"boolean", true, "send Server-Timing"},
  slow = {"duration", "1s", "from where a request is called slow in the log"},
}

on.request(function(req, ctx)
  local parent = req.headers.traceparent
  local trace = parent and parent:match("^00%-(%x+)%-%x+%-%x%x$")
  if not trace or #trace ~= 32 then
    trace = crypto.hex(random.bytes(16))
  end
  ctx.trace = trace
  req.headers.traceparent = "00-" .. trace .. "-" .. crypto.hex(random.bytes(8)) .. "-01"
end)

local function ms(seconds)
  return string.format("%.1f", (seconds or 0) * 1000)
end

on.response(function(req, res)
  if config.server_timing then
    res.headers:add("server-timing",
      "connect;dur=" .. ms(res.connect_time) .. ", upstream;dur=" .. ms(res.first_byte_time))
  end
end)

on.log(function(req, ctx, record)
  log.field("trace", ctx.trace or "")
  log.field("upstream_ms", ms(record.first_byte_time))
  metrics.counter("requests", {status = string.format("%d", math.floor(record.status / 100)) .. "xx"}):add()
  if record.total_time > config.slow then
    log.warn("slow", {path = req.path, seconds = record.total_time, server = record.server})
  end
end)
