-- Fields that browsers want for safety, and none that tell too much. In YAML: `response_headers`.
options {
  set = {"map", {
    ["x-content-type-options"] = "nosniff",
    ["x-frame-options"] = "DENY",
    ["referrer-policy"] = "strict-origin-when-cross-origin",
  }, "fields that are set"},
  hsts = {"duration", 0, "max-age of Strict-Transport-Security on HTTPS; 0 sends none"},
  remove = {"list", {"server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version"}, "fields that go"},
}

on.response(function(req, res)
  for _, name in ipairs(config.remove) do
    res.headers:remove(name)
  end
  for name, value in pairs(config.set) do
    res.headers[name] = value
  end
  if config.hsts > 0 and req.scheme == "https" then
    res.headers["strict-transport-security"] = string.format("max-age=%d", config.hsts)
  end
end)
