defmodule Algorithm do
  @doc "Runs once, before the first call. What it returns is handed to every apply."
  def load do
    %{greeting: "Hello"}
  end

  @doc "Answers one call. The input is a JSON value (with strings as keys), text, or {:binary, bytes}."
  def apply(input, state) do
    "#{state.greeting}, #{input}!"
  end
end
