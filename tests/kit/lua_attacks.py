"""What rules may try, by mistake or not: each must end, and leave everybody else alone."""

from __future__ import annotations

# What each does within on.request; it must end as a failure of the rule.
ATTACKS = {
    "a plain loop": "while true do end",
    "a loop that swallows errors": "while true do pcall(function() while true do end end) end",
    "a loop of pcall alone": "while true do pcall(error, 'x') end",
    "a loop in a coroutine": "coroutine.wrap(function() while true do end end)()",
    "a chain of coroutines": """
        local function f() local c = coroutine.create(f) coroutine.resume(c) while true do end end
        f()""",
    "many coroutines, each too short for the hook": """
        while true do coroutine.wrap(function() local x = 1 end)() end""",
    "a loop in the handler of xpcall": "xpcall(error, function() while true do end end)",
    "a loop that is the handler of its own end": """
        local function f() while true do end end
        while true do xpcall(f, f) end""",
    "a metamethod": """
        local t = setmetatable({}, {__index = function() while true do end end})
        local x = t.x""",
    "a comparison of table.sort": "table.sort({3, 1, 2}, function() while true do end end)",
    "a function for gsub": "local s = ('x'):gsub('x', function() while true do end end)",
    "tostring": "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "an iterator": "for i in function() return 1 end do end",
    "deep recursion": "local function f() return 1 + f() end f()",
    "deep recursion, swallowed": """
        local function f() pcall(f) return 1 + f() end
        while true do f() end""",
    "deep recursion, swallowed, and one call deeper": """
        local function f() pcall(f) return 1 + f() end
        pcall(function() while true do f() end end)
        while true do end""",
    "loops as deep as calls can be nested": """
        local t = setmetatable({}, {})
        local function deep(n)
          if n > 0 then return t[n - 1] end
          for i = 1, 5000 do end
        end
        getmetatable(t).__index = function(_, n) return deep(n) end
        while true do for n = 150, 220 do pcall(deep, n) end end""",
    "loops that close what they hold, as deep as calls can be nested": """
        local t = setmetatable({}, {})
        local closing = setmetatable({}, {__close = function() error("another") end})
        local function deep(n)
          if n > 0 then return t[n - 1] end
          for a in function() return 1 end, nil, nil, closing do end
        end
        getmetatable(t).__index = function(_, n) return deep(n) end
        while true do for n = 185, 200 do pcall(deep, n) end end""",
    "a text that doubles": "local s = 'x' while true do s = s .. s end",
    "a table that grows": "local t = {} for i = 1, 1e9 do t[i] = {} end",
    "texts that are kept": "local t = {} for i = 1, 1e9 do t[#t + 1] = ('x'):rep(1e5) .. i end",
    "a long text": "local s = ('x'):rep(1e8)",
    "rep with a separator": "local s = ('x'):rep(10, ('y'):rep(1e6))",
    "rep in rep": "local s = ('x'):rep(1e6):rep(1e6)",
    "format": "local s = ('x'):rep(1e6) local t = ('%s%s'):format(s, s)",
    "concat": "local s = ('x'):rep(1e6) local t = table.concat({s, s})",
    "concat of what is made on the way": """
        table.concat(setmetatable({}, {__index = function() return 'x' end}), '', 1, 1e9)""",
    "gsub that grows": "local s = ('a'):rep(1e6):gsub('a', ('b'):rep(1000))",
    "gsub that grows by captures": "local s = ('a'):rep(1e6):gsub('.*', '%0%0%0')",
    "gsub that grows by a function": """
        local b = ('b'):rep(1e4)
        local s = ('a'):rep(1e4):gsub('a', function() return b end)""",
    "optional items": "local x = ('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30))",
    "lazy items": "local x = ('a'):rep(4000):find('.-a.-b')",
    "greedy items": "local x = ('a'):rep(4000):find('.*a.*a.*b')",
    "balanced items": "local x = ('('):rep(20000):find('%b()%b()x')",
    "plain find": "local x = ('a'):rep(5e5):find(('a'):rep(2e5) .. 'b', 1, true)",
    "insert at the front": "local t = {} for i = 1, 1e9 do table.insert(t, 1, i) end",
    "a large sort": "local t = {} for i = 1, 60000 do t[i] = -i end table.sort(t)",
    "unpack": "unpack({}, 1, 1e8)",
    "__close in a dead coroutine": """
        local mt = {__close = function() while true do end end}
        coroutine.wrap(function()
          for a in next, {}, nil, setmetatable({}, mt) do end
          while true do end
        end)()
        while true do end""",
    "timers": "for i = 1, 1e5 do after('1h', function() end) end",
    "json that nests": "local t = {} for i = 1, 1000 do t = {t} end local s = json.encode(t)",
    "json that holds itself": "local t = {} t[1] = t local s = json.encode(t)",
    "many metrics": "for i = 1, 1e5 do metrics.counter('m' .. i):add(1) end",
    "many expressions": "for i = 1, 1e5 do text.re('x' .. i) end",
}
