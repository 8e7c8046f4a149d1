-- Certificates of clients: needed on some paths, of certain names and authorities, told to servers.
-- The service must ask for them (`tls.client`), with `forward` for what is compared here.
options {
  paths = {"list", {"/"}, "paths that begin so need one"},
  subjects = {"list", {}, "parts of the subject, one of which must be there; empty takes all"},
  issuers = {"list", {}, "likewise of the issuer"},
  header = {"string", "X-Client-Subject", "in which the subject is sent on"},
}

local function one_of(parts, value)
  for _, part in ipairs(parts) do
    if value and text.contains(value, part) then
      return true
    end
  end
  return #parts == 0
end

on.request(function(req)
  local tls = req.client.tls
  local good = tls and tls.verified == "SUCCESS"
  req.headers[config.header] = good and tls.subject or nil
  for _, start in ipairs(config.paths) do
    if text.starts(req.path, start) then
      if not good then
        return refuse(401)
      elseif not one_of(config.subjects, tls.subject) or not one_of(config.issuers, tls.issuer) then
        return refuse(403)
      end
    end
  end
end)
