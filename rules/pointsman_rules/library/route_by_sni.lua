-- Passthrough: chooses the pool by the name that the client asks for; `*.` stands for any name below.
options {
  names = {"map", {}, "name -> pool", required = true},
  unknown = {"string", "", "pool for all others; without it they are refused"},
}

on.client_hello(function(client)
  local name = (client.sni or ""):lower()
  local chosen = config.names[name] or config.names["*" .. (name:match("^[^.]+(%..+)$") or "")]
  if chosen then
    return pool(chosen)
  elseif config.unknown ~= "" then
    return pool(config.unknown)
  end
  return close()
end)
