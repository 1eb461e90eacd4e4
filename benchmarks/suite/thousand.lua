-- For wrk: one page after the other, of those that suite/site.py makes.
local requests, number = {}, 0

init = function(args)
  for page = 0, 999 do
    requests[page] = wrk.format("GET", string.format("/pages/%04d.txt", page))
  end
end

request = function()
  number = (number + 1) % 1000
  return requests[number]
end
