-- Pins by JSESSIONID, from the cookie or from ;jsessionid= in the URL. Needs the table `sessions`.
options { timeout = {"duration", "30m", "since a session was last used"} }

local function session(req)
  return req.cookies.JSESSIONID or req.path:match(";jsessionid=([^;/?]+)")
end

on.select(function(req, servers)
  local id = session(req)
  local server = id and tables.sessions:get(id)
  for _, name in ipairs(server and servers or {}) do
    if name == server then
      return server
    end
  end
end)

on.response(function(req, res)
  local id = res.cookies.JSESSIONID or session(req)
  if id and id ~= "" and res.server ~= "" then
    tables.sessions:set(id, res.server, config.timeout)
  end
end)
