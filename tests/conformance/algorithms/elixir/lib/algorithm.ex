defmodule Algorithm do
  def load do
    if File.exists?("fail_load.txt"), do: raise("no model")
    :counters.new(1, [])
  end

  def apply(%{"do" => action} = input, state), do: act(action, input, state)
  def apply(input, _), do: input

  defp act("text", _, _), do: "tëxt 🍎"
  defp act("bytes", _, _), do: {:binary, <<0, 255, 10, 128>>}

  defp act("count", _, state) do
    :counters.add(state, 1, 1)
    :counters.get(state, 1)
  end

  defp act("raise", _, _), do: raise(ArgumentError, "deliberate 🍎")
  defp act("exit", _, _), do: System.halt(3)
  defp act("loop", input, state), do: act("loop", input, state)

  defp act("stream", %{"count" => count}, _), do: Stream.iterate(1, &(&1 + 1)) |> Stream.take(count)

  defp act("print", %{"mebibytes" => mebibytes}, _) do
    {text, 0} = System.cmd("echo", ["from a child"])
    IO.write(text)
    line = String.duplicate("x", 1023)
    for _ <- 1..(mebibytes * 1024), do: IO.puts(line)
    "printed"
  end

  defp act("hog", _, _), do: hog([])

  defp act("spawn", _, _) do
    for _ <- 1..2000, do: Port.open({:spawn, "sleep 60"}, [])
    nil
  end

  defp hog(held), do: hog([:binary.copy("x", 1_048_576) | held])
end
