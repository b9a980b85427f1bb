-- Polls that find nothing and do not wait: the lines "token path cursor" of BENCH_POLLS in turn.
local polls, at = {}, 0

function init()
	for line in io.lines(os.getenv("BENCH_POLLS")) do
		local token, path, cursor = line:match("(%S+) (%S+) (%S+)")
		polls[#polls + 1] = wrk.format("GET", path .. "?after=" .. cursor,
			{ Host = "bench", Authorization = "Bearer " .. token })
	end
end

function request()
	at = at % #polls + 1
	return polls[at]
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'{"rate": %.1f, "p50_us": %d, "p99_us": %d, "count": %d, "errors": %d}\n',
		summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
		summary.requests, e.status + e.connect + e.read + e.write + e.timeout))
end
