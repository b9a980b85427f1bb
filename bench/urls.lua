-- GET, the paths of the file BENCH_URLS in random order; with BENCH_DELAY_MS each connection rests
-- that long before each request, so that a load below the most can be put on. Prints one JSON line.
local urls = {}

if os.getenv("BENCH_DELAY_MS") then
	function delay() return tonumber(os.getenv("BENCH_DELAY_MS")) end
end

function init()
	for line in io.lines(os.getenv("BENCH_URLS")) do urls[#urls + 1] = wrk.format("GET", line) end
	math.randomseed(os.time())
end

function request() return urls[math.random(#urls)] end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'{"rate": %.1f, "p50_us": %d, "p99_us": %d, "count": %d, "errors": %d, "seconds": %.2f}\n',
		summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
		summary.requests, e.status + e.connect + e.read + e.write + e.timeout, summary.duration / 1e6))
end
