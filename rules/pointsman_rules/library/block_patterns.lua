-- Refuses requests in which a pattern is found: path, query and fields, decoded once. Or only logs them.
options {
  patterns = {"list", {"(?i)\\$\\{[^}]{0,40}(jndi|lower|upper|env|::-)", "(?i)/etc/passwd", "\\.\\./\\.\\./"},
    "regular expressions"},
  headers = {"list", {"user-agent", "referer", "x-forwarded-for", "x-api-version"}, "that are looked at"},
  log_only = {"boolean", false, "let them pass, and say so"},
}

local all = {}
for i, pattern in ipairs(config.patterns) do
  all[i] = text.re(pattern)
end

local function found(value)
  for i, re in ipairs(all) do
    if re:test(value) or re:test(url.decode(value)) then
      return config.patterns[i]
    end
  end
end

on.request(function(req)
  local pattern, where = found(req.target), "target"
  for _, name in ipairs(config.headers) do
    local value = not pattern and req.headers[name]
    if value then
      pattern, where = found(value), name
    end
  end
  if pattern then
    log.warn("a pattern was found", {pattern = pattern, where = where, client = req.client.ip})
    if not config.log_only then
      return refuse(403)
    end
  end
end)
