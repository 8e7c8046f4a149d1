-- One prefix outside, another inside: paths, Location and the Path of cookies are put right.
options {
  outside = {"string", "", "how paths of clients begin, such as /shop"},
  inside = {"string", "", "how paths of servers begin instead"},
}

local outside, inside = config.outside, config.inside

local function moved(path, from, to)
  if path == from or text.starts(path, from .. "/") then
    local rest = path:sub(#from + 1)
    return to .. rest == "" and "/" or to .. rest
  end
end

on.request(function(req)
  local path = moved(req.path, outside, inside)
  if not path then
    return respond(404)
  end
  req.path = path
end)

on.response(function(req, res)
  local location = res.headers.location
  if location and text.starts(location, "/") then
    res.headers.location = moved(location, inside, outside)
  end
  for _, name in ipairs(res.cookies:names()) do
    local path = res.cookies:attribute(name, "path")
    path = path and moved(path == "/" and inside or path, inside, outside)
    if path then
      res.cookies:change(name, {path = path})
    end
  end
end)
