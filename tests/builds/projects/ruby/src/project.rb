$LOAD_PATH.unshift(File.expand_path("../vendor", __dir__))
require "slop"

def apply(input)
  Slop.parse(input.split) { |options| options.string "--name" }[:name]
end
