-- Cookies of servers made safer: attributes are added, the domain changed, values of some encrypted.
options {
  secure = {"boolean", true, "add Secure on HTTPS"},
  httponly = {"list", {}, "names of cookies that are given HttpOnly; \"*\" is all"},
  samesite = {"string", "", "Lax, Strict or None"},
  domain = {"string", "", "instead of what the server says"},
  seal = {"list", {}, "names of cookies whose values clients see encrypted"},
  key = {"string", "", "at least 16 bytes, for seal"},
}

local sealed = {}
for _, name in ipairs(config.seal) do
  sealed[name] = true
end

on.request(function(req)
  for name in pairs(sealed) do
    local value = req.cookies[name]
    if value then
      req.cookies[name] = crypto.open(config.key, value, name)
    end
  end
end)

on.response(function(req, res)
  for _, name in ipairs(config.httponly) do
    res.cookies:change(name, {httponly = true})
  end
  local all = {}
  all.secure = config.secure and req.scheme == "https" or nil
  all.samesite = config.samesite ~= "" and config.samesite or nil
  all.domain = config.domain ~= "" and config.domain or nil
  res.cookies:change("*", all)
  for name in pairs(sealed) do
    local value = res.cookies[name]
    if value and value ~= "" then
      local path = res.cookies:attribute(name, "path") or "/"
      res.cookies:set(name, crypto.seal(config.key, value, name),
        {secure = all.secure, httponly = true, samesite = all.samesite, domain = all.domain, path = path})
    end
  end
end)
