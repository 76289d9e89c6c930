-- What a Lua program does with the language and with files; the folder is the first argument.
local folder = arg[1]

print(_VERSION, pcall(error, {}) == false, select("#", pcall(error)))
print(pcall(function() local t; return t.x end))
print(pcall(function() error("level", 0) end))
print(xpcall(function() local function f() return f() + 1 end return f() end, function(m) return #m > 0 end))

local co = coroutine.wrap(function(a)
	for i = 1, 3 do
		a = coroutine.yield(pcall(coroutine.yield, a * i))
	end
	return "end"
end)
print(co(2), co(3), co(4), co(5))
print(coroutine.close(coroutine.create(print)))

do
	local closed = {}
	pcall(function()
		local x <close> = setmetatable({}, { __close = function(_, e) closed[1] = e end })
		error("out", 0)
	end)
	print(closed[1])
end

local weak = setmetatable({}, { __mode = "k" })
for i = 1, 50000 do weak[{}] = i end
collectgarbage()
print(next(weak), collectgarbage("count") < 2000)

print(string.format("%5.2f %q %a %i", math.pi, "a\nb\0c", 1 / 3, 2 ^ 53))
print(("x"):rep(1000000):gsub("x", { x = "yz" }):sub(-3), ("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(utf8.char(228, 8364, 128512), utf8.len("äöü"), string.pack("<i4z", 7, "s"):byte(1, -1))
print(math.maxinteger + 1 == math.mininteger, 7 // -2, 7 % -2, 1e308 * 10, -(0 / 0) ~= 0 / 0)
table.sort(arg)
print(table.concat({ 3, 1, 2 }, ","), #table.pack(table.unpack({}, 1, 200)))

local name = folder .. "/numbers"
local f = assert(io.open(name, "w"))
print(f:setvbuf("full", 100))
for i = 1, 20000 do f:write(i, "\n") end
print(f:seek("cur"), f:seek("set", 10), f:write("!"), f:seek("end"), f:close() == true)
local sum, lines = 0, 0
for line in io.lines(name) do
	lines = lines + 1
	sum = sum + (tonumber(line) or 0)
end
print(lines, sum)
f = assert(io.open(name, "a+"))
f:write("last", "\n")
f:seek("set")
print(f:read("l", "n", "n", 3, "L"))
print(#f:read("a"), f:read("l"), f:close())
print(pcall(f.read, f))
print(os.rename(name, folder .. "/moved"), (select(2, io.open(name))), (select(2, io.open(folder .. "/none/x", "w"))))
print(os.remove(folder .. "/moved"), (select(2, os.remove(folder .. "/moved"))))
print(loadfile(folder .. "/none"), load("return 1 +"))
print(os.time({ year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40 }), os.date("!%c", 1e9))
print(io.read("n", "l", "L"), io.read("a"))
