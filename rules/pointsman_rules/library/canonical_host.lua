-- One name for a site: requests for its other names are sent there. In YAML: a route with `redirect`.
options {
  host = {"string", "", "the name", required = true},
  status = {"integer", 301, "of the redirect"},
}

on.request(function(req)
  if text.split(req.host, ":")[1]:lower() ~= config.host then
    return redirect(req.scheme .. "://" .. config.host .. req.target, config.status)
  end
end)
