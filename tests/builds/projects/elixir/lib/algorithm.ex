defmodule Algorithm do
  def apply(input) do
    :base64url.encode(input)
  end
end
