require "net/http"

def apply(input)
  address = URI(ENV["ALGORITHMIA_API"] + "/v1/algo/demo/template_python?output=raw")
  Net::HTTP.post(address, input, "Content-Type" => "text/plain").body.force_encoding("UTF-8")
end
