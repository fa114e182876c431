-- A bit of everything that Lua does: tables, strings, closures, coroutines, patterns, floats, garbage.
local function queens(n)
  local count, rows, up, down = 0, {}, {}, {}
  local function place(c)
    if c > n then count = count + 1 return end
    for r = 1, n do
      if not rows[r] and not up[r + c] and not down[r - c + n] then
        rows[r], up[r + c], down[r - c + n] = true, true, true
        place(c + 1)
        rows[r], up[r + c], down[r - c + n] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end
print("queens", queens(8))

local words = {}
for w in (("the quick brown fox jumps over the lazy dog "):rep(2000)):gmatch("%a+") do words[w] = (words[w] or 0) + 1 end
local names = {}
for w in pairs(words) do names[#names + 1] = w end
table.sort(names)
for _, w in ipairs(names) do io.write(w, "=", words[w], " ") end
print()

local produce = coroutine.wrap(function() for i = 1, 100000 do coroutine.yield(i) end end)
local sum = 0
for i in produce do sum = sum + i end
print("coroutines", sum)

local x = 0.0
for i = 1, 300000 do x = x + math.sin(i) * math.sqrt(i) / (1 + i % 7) end
print(string.format("floats %.10f %a", x, x))

local parts = {}
for i = 1, 20000 do parts[#parts + 1] = string.format("%05d:%s", i, ("x"):rep(i % 13)) end
local text = table.concat(parts, ",")
print("strings", #text, text:sub(-40), (text:gsub("x+", "")):len())
print("integers", 7 // 2, -7 // 2, -7 % 3, 1 << 62, math.maxinteger + 1 == math.mininteger, 0x7fffffffffffffff * 3)
print(pcall(error, { code = 5 }), select("#", pcall(string.rep)))
