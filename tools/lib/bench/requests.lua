-- For wrk: every request registers something new, and the counts are printed as JSON.
-- Arguments: "rollcall" or "etcd", the number of the first, the value that etcd is to keep.

local number, value, make
local headers = { ["Content-Type"] = "application/json" }

-- Eight instances in each service, other services than those that are asked for.
local instance = '{"address":"10.%d.%d.%d","port":8080,"ports":{"grpc":9090},"tags":["v1"],'
  .. '"metadata":{"version":"1.%d","host":"node-%d"},"lease_seconds":86400}'

local function rollcall(n)
  return wrk.format(
    "PUT",
    ("/v1/services/s%d/instances/i%d"):format(math.floor(n / 8), n % 8),
    headers,
    instance:format(math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256, n % 10, n)
  )
end

-- The base64 of each three digits: a key of nine digits is three of them.
local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local encoded = {}
for n = 0, 999 do
  local bits, text = 0, ""
  for digit in ("%03d"):format(n):gmatch(".") do
    bits = bits * 256 + digit:byte()
  end
  for _ = 1, 4 do
    local index = bits % 64
    text, bits = alphabet:sub(index + 1, index + 1) .. text, (bits - index) / 64
  end
  encoded[n] = text
end

local function etcd(n)
  local key = encoded[math.floor(n / 1000000)] .. encoded[math.floor(n / 1000) % 1000]
  return wrk.format(
    "POST", "/v3/kv/put", headers,
    ('{"key":"%s%s","value":"%s"}'):format(key, encoded[n % 1000], value)
  )
end

function init(arguments)
  make = ({ rollcall = rollcall, etcd = etcd })[arguments[1]]
  number, value = tonumber(arguments[2]), arguments[3]
end

function request()
  number = number + 1
  return make(number)
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(
    ('{"completed":%d,"failed":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f}'):format(
      summary.requests, failed, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
    )
  )
end
