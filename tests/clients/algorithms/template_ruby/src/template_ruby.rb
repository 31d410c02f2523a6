def apply(input)
  raise "no greeting for fail" if input == "fail"
  "Hello " + input
end
