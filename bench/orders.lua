-- POST /v1/orders: each line of the file BENCH_ORDERS ("token total key") is one order, placed once.
-- BENCH_THREADS threads share the lines.
local number, at, lines = 0, 0, {}
local threads = 0

function setup(thread)
	threads = threads + 1
	thread:set("number", threads - 1)
end

function init()
	local i = 0
	for line in io.lines(os.getenv("BENCH_ORDERS")) do
		if i % tonumber(os.getenv("BENCH_THREADS")) == number then lines[#lines + 1] = line end
		i = i + 1
	end
end

local BODY = '{"quote_total":{"amount":%s,"currency":"USD"},"shipping_address":{"name":"Ann Buyer",' ..
	'"line1":"1 Main Street","city":"Springfield","postal_code":"12345","country":"US"},' ..
	'"payment":{"method":"cash_on_delivery"}}'

function request()
	at = at + 1
	if at > #lines then
		wrk.thread:stop()
		at = 1
	end
	local token, total, key = lines[at]:match("(%S+) (%S+) (%S+)")
	return wrk.format("POST", "/v1/orders", {["Authorization"] = "Bearer " .. token,
		["Content-Type"] = "application/json", ["Idempotency-Key"] = key}, BODY:format(total))
end

function done(summary, latency)
	local e = summary.errors
	io.write(string.format(
		'{"rate": %.1f, "p50_us": %d, "p99_us": %d, "count": %d, "errors": %d, "seconds": %.2f}\n',
		summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
		summary.requests, e.status + e.connect + e.read + e.write + e.timeout, summary.duration / 1e6))
end
