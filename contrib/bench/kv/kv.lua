-- Puts or gets random keys for wrk, and prints what came of it as JSON. SERVER, VERB,
-- KEYS and VALUE (bytes) come from the environment.
local server, verb = os.getenv("SERVER"), os.getenv("VERB")
local keys, value = tonumber(os.getenv("KEYS")), string.rep("v", tonumber(os.getenv("VALUE")))

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(s)
  local out = {}
  for i = 1, #s, 3 do
    local a, b, c = s:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for at = 18, 0, -6 do
      local digit = math.floor(n / 2 ^ at) % 64
      out[#out + 1] = alphabet:sub(digit + 1, digit + 1)
    end
    if not c then out[#out] = "=" end
    if not b then out[#out - 1] = "=" end
  end
  return table.concat(out)
end

local requests = {}

local threads = 0
function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

function init()
  math.randomseed(seed)
  for i = 1, keys do
    local key = string.format("bench/%06d", i)
    if server == "muster" then
      requests[i] = wrk.format(verb, "/v1/kv/" .. key, nil, verb == "PUT" and value or nil)
    elseif verb == "PUT" then
      requests[i] = wrk.format("POST", "/v3/kv/put", nil, string.format('{"key":"%s","value":"%s"}', base64(key), base64(value)))
    else
      requests[i] = wrk.format("POST", "/v3/kv/range", nil, string.format('{"key":"%s"}', base64(key)))
    end
  end
end

function request()
  return requests[math.random(keys)]
end

function done(summary, latency)
  local e, duration = summary.errors, summary.duration / 1e6
  print(string.format('{"rate":%.1f,"p50":%.3f,"p99":%.3f,"errors":%.2f}', summary.requests / duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    (e.status + e.connect + e.read + e.write + e.timeout) / duration))
end
