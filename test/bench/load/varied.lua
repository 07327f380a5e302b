-- Ten headers a request, two of them unique: what a traced application sends.
local head = table.concat({
  "GET /api/v1/orders?page=2 HTTP/1.1",
  "Host: %s",
  "User-Agent: Mozilla/5.0 (X11; Linux x86_64) bench/1.0",
  "Accept: application/json, text/plain;q=0.9, */*;q=0.8",
  "Accept-Encoding: gzip, deflate, br",
  "Accept-Language: en-GB,en;q=0.8,de;q=0.5",
  "Authorization: Bearer 8f14e45fceea167a5a36dedd4bea2543c4ca4238a0b923820dcc509a6f75849b",
  "Cookie: session=c81e728d9d4c2f636f067f89cc14862c; theme=dark",
  "X-Forwarded-For: 203.0.113.7",
  "X-Request-Id: ",
}, "\r\n")
local random = math.random

function init()
  math.randomseed(os.time())
  head = string.format(head, wrk.host .. ":" .. wrk.port)
end

function request()
  local a, b, c, d = random(0, 0x7fffffff), random(0, 0x7fffffff), random(0, 0x7fffffff), random(0, 0x7fffffff)
  return string.format("%s%08x-%08x\r\nTraceparent: 00-%08x%08x%08x%08x-%08x%08x-01\r\n\r\n", head, a, b, a, b, c, d, c, d)
end

-- As in report.lua: wrk loads one script.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"durationUs":%d,"p50Us":%f,"p99Us":%f,"badStatus":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
