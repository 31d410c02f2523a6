def load
  raise "no model" if File.exist?("fail_load.txt")

  { count: 0 }
end

def apply(input, state)
  return input unless input.is_a?(Hash) && input.key?("do")

  case input["do"]
  when "text" then "tëxt 🍎"
  when "bytes" then [0, 255, 10, 128].pack("C*")
  when "count" then state[:count] += 1
  when "raise" then raise ArgumentError, "deliberate 🍎"
  when "exit" then exit!(3)
  when "loop" then loop {}
  when "stream" then (1..input["count"]).each_entry
  when "print" then print_much(input["mebibytes"])
  when "shell"
    system(input["command"])
    "done"
  when "hog" then hog
  when "spawn" then 2000.times { spawn("sleep", "60") }
  end
end

def print_much(mebibytes)
  system("echo from a child")
  (mebibytes * 1024).times { puts "x" * 1023 }
  "printed"
end

def hog
  held = []
  loop { held << "x" * (1 << 20) }
end
