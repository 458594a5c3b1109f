-- Sends `requests` (the lines before these), one after the other and again; at the end one line of JSON says what came back.
local number = 0

request = function()
  number = number + 1
  local each = requests[number % #requests + 1]
  local body = each.body and each.body:gsub("@N@", mark .. number)
  if each.keyed then each.headers["Idempotency-Key"] = mark .. number end
  return wrk.format(each.method, each.path, each.headers, body)
end

done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "median": %f, "p99": %f, "errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect, e.read, e.write, e.status, e.timeout))
end
