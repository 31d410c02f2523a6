-- wrk's script: visitors who open the paths of the file PATHS in their order, pausing so long that RATE come in a second.
local paths = {}
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
local pause = 1000 * tonumber(os.getenv("CONNECTIONS")) / tonumber(os.getenv("RATE"))
local number = 0

function delay()
  return math.floor(pause * 2 * math.random())
end

function request()
  number = number % #paths + 1
  return wrk.format("GET", paths[number], {["Accept-Encoding"] = "gzip"})
end

function done(summary, latency)
  io.write(string.format('JSON {"requests": %d, "seconds": %.2f, "median_ms": %.1f, "p95_ms": %.1f, "failed": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
