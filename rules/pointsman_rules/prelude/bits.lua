-- `bit`: 32-bit operations, alike in all Lua versions (signed results, as LuaJIT has them).
local P = ...
local floor, error, type, select = math.floor, error, type, select

local band2, bor2, bxor2, lshift, rshift
local bit = P.bit
if bit then
  band2, bor2, bxor2, lshift, rshift = bit.band, bit.bor, bit.bxor, bit.lshift, bit.rshift
else
  -- Operators that LuaJIT's parser does not know.
  band2, bor2, bxor2, lshift, rshift = P.load([[
    return function(a, b) return a & b end, function(a, b) return a | b end,
      function(a, b) return a ~ b end, function(a, n) return (a << (n & 31)) end,
      function(a, n) return ((a & 0xffffffff) >> (n & 31)) end
  ]])()
end

local function whole(value)
  if type(value) ~= "number" or floor(value) ~= value then
    error("bit wants whole numbers", 3)
  end
  value = value % 4294967296
  return bit and value or floor(value)
end

local function signed(value)
  value = value % 4294967296
  return value >= 2147483648 and value - 4294967296 or value
end

local function folded(two)
  return function(...)
    local made = whole((...))
    for i = 2, select("#", ...) do
      made = two(made, whole((select(i, ...))))
    end
    return signed(made)
  end
end

P.safe.bit = P.library_of("bit", {
  band = folded(band2),
  bor = folded(bor2),
  bxor = folded(bxor2),
  bnot = function(a)
    return signed(bxor2(whole(a), whole(4294967295)))
  end,
  lshift = function(a, n)
    return signed(lshift(whole(a), whole(n)))
  end,
  rshift = function(a, n)
    return signed(rshift(whole(a), whole(n)))
  end,
})
