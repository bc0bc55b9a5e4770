#!/usr/bin/lua5.4
-- case lua.language 60 quick
-- case lua.files 60 quick
-- The interpreter's own parts: strings, tables, coroutines, the collector, files, pipes.
local cases = {}

cases['lua.language'] = function()
    local words = {}
    for i = 1, 20000 do words[i] = ('%05d'):format((i * 7919) % 20011) end
    table.sort(words)
    assert(words[1] == '00001' and words[20000] == '20010', words[1] .. ' ' .. words[20000])
    local squares = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield(i * i) end end)
    local sum = 0
    for _ = 1, 1000 do sum = sum + squares() end
    assert(sum == 333833500)
    assert(('the quick brown fox'):gsub('(%w+)', '<%1>') == '<the> <quick> <brown> <fox>')
    local weak = setmetatable({}, {__mode = 'v'})
    for i = 1, 1000 do weak[i] = {('x'):rep(10000)} end
    collectgarbage()
    assert(next(weak) == nil)
    assert(not pcall(error, 'no') and 7 // 2 == 3 and 1 << 62 > 0)
end

cases['lua.files'] = function()
    local file = assert(io.open('numbers', 'w+'))
    for i = 1, 10000 do file:write(i, '\n') end
    assert(file:seek('set', 0) == 0)
    local sum = 0
    for line in file:lines() do sum = sum + tonumber(line) end
    assert(sum == 50005000)
    file:close()
    assert(os.rename('numbers', 'numbers2') and not io.open('numbers'))
    local pipe = io.popen('wc -l <numbers2; exit 5')
    assert(pipe:read('n') == 10000)
    local _, how, status = pipe:close()
    assert(how == 'exit' and status == 5)
    assert(os.remove('numbers2') and os.execute('true'))
    local name, temporary = os.tmpname(), io.tmpfile()
    temporary:write('x')
    assert(temporary:seek('end') == 1 and os.remove(name))
    assert(math.abs(os.time() - os.time(os.date('*t'))) < 3600 * 24 and os.clock() > 0)
end

cases[arg[1]]()
