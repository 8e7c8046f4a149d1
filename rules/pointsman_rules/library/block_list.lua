-- Refuses clients on one list, or all that are not on another. Lists are read anew when their files change.
options {
  block = {"string", "", "name of a list under `lists` (kind: cidr)"},
  allow = {"string", "", "name of a list: only these"},
  status = {"integer", 403, "of the answer; 0 closes the connection"},
}

on.request(function(req)
  local who = req.client.ip
  local refused = config.block ~= "" and lists[config.block]:has(who)
    or config.allow ~= "" and not lists[config.allow]:has(who)
  if refused then
    if config.status == 0 then
      return close()
    end
    return refuse(config.status)
  end
end)
