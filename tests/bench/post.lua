-- What wrk sends: the request of SAMPLE (headers, an empty line, the body), each time with another id and another
-- Idempotency-Key.
--
--     wrk … -s post.lua URL -- SAMPLE ID
--
-- ID, of seven digits, is the order's; wherever the body has it a running number stands instead. Each thread has numbers
-- of its own, those that begin with 1, 2, …
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("first", threads * 1000000)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local head, body = file:read("*a"):match("^(.-)\n\n(.*)$")
  file:close()
  local lines = {}
  for line in head:gmatch("[^\n]+") do
    if line:match("^Idempotency%-Key:") then
      line = "Idempotency-Key: {key}"
    end
    lines[#lines + 1] = line
  end
  local request = string.format("POST %s HTTP/1.1\r\nHost: %s:%s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", wrk.path, wrk.host,
                                wrk.port, table.concat(lines, "\r\n"), #body, body)
  -- Put together from parts each time: "{key}" first, then each place of the id.
  parts = {}
  local before, after = request:match("^(.-){key}(.*)$")
  parts[1] = before
  local from = 1
  while true do
    local at = after:find(args[2], from, true)
    if not at then break end
    parts[#parts + 1] = after:sub(from, at - 1)
    from = at + #args[2]
  end
  last = after:sub(from)
  count = 0
end

function request()
  local id = tostring(first + count)
  count = count + 1
  return parts[1] .. string.rep("0", 57) .. id .. table.concat(parts, id, 2) .. id .. last
end
