-- Replaces text in bodies of answers, with the right length afterwards.
options {
  replace = {"map", {}, "text -> what stands there instead", required = true},
  types = {"list", {"text/html", "application/json"}, "kinds of bodies"},
}

on.response(function(req, res, ctx)
  local kind = res.headers["content-type"] or ""
  local wanted = false
  for _, start in ipairs(config.types) do
    wanted = wanted or text.starts(kind, start)
  end
  if not wanted then
    ctx.response_body = false
    return
  end
  -- What a cache holds of the original is of no use any more.
  res.headers.etag = nil
  res.headers["content-md5"] = nil
end)

on.response_body(function(req, res, body)
  for old, new in pairs(config.replace) do
    body = text.replace(body, old, new)
  end
  return body
end)
