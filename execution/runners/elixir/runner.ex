defmodule Agora.Runner do
  @moduledoc """
  Answers calls to one Elixir algorithm: one line of JSON in, one out, on the call channel (descriptor 3, where the
  manifest's command moves it). Needs jiffy, which reads and writes all numbers exactly.

  What the algorithm prints goes to the log pipe (descriptors 1 and 2).
  """

  @channel 3

  def main do
    channel = Port.open({:fd, @channel, @channel}, [:binary, :stream, :eof])
    :jiffy.decode("[1]")
    Code.ensure_loaded!(Exception)
    send_line(channel, ~s({"ready":{"protocol":1}}))
    with {:ok, line} <- receive_line(channel, []), do: serve(channel, load_and_report(channel, decode(line)["load"]))
    System.halt(0)
  end

  # A caller sends one line and waits, so a piece that ends with a newline ends the line.
  defp receive_line(channel, pieces) do
    receive do
      {^channel, {:data, data}} ->
        pieces = [pieces | data]
        if :binary.last(data) == ?\n, do: {:ok, IO.iodata_to_binary(pieces)}, else: receive_line(channel, pieces)

      {^channel, :eof} ->
        :closed
    end
  end

  defp send_line(channel, line), do: Port.command(channel, [line, "\n"])

  defp decode(line), do: :jiffy.decode(line, [:return_maps, :use_nil])

  # Loads the version and reports; ends the process when it cannot be loaded.
  defp load_and_report(channel, order) do
    started = System.monotonic_time(:microsecond)

    case attempt(fn -> load(order) end) do
      {:ok, apply} ->
        send_line(channel, ~s({"loaded":{"duration_us":#{System.monotonic_time(:microsecond) - started}}}))
        apply

      {:error, line} ->
        send_line(channel, line)
        Port.close(channel)
        System.halt(1)
    end
  end

  # Runs Algorithm.load, and returns a function of one argument.
  defp load(order) do
    System.put_env(order["environment_variables"] || %{})
    File.cd!(order["directory"])
    Code.prepend_path(Path.join(order["directory"], ".packages"))
    Code.ensure_loaded!(Algorithm)
    state = if function_exported?(Algorithm, :load, 0), do: Algorithm.load()

    cond do
      function_exported?(Algorithm, :apply, 2) -> &Algorithm.apply(&1, state)
      function_exported?(Algorithm, :apply, 1) -> &Algorithm.apply(&1)
      true -> raise ArgumentError, "the module Algorithm has no function called apply that takes the input"
    end
  end

  defp serve(channel, apply) do
    with {:ok, line} <- receive_line(channel, []) do
      request = decode(line)
      {_, answer} = attempt(fn -> request |> input_of() |> apply.() |> respond(channel) end)
      send_line(channel, with_id(answer, request["id"]))
      serve(channel, apply)
    end
  end

  defp with_id(answer, nil), do: answer

  defp with_id(answer, id) do
    line = IO.iodata_to_binary(answer)
    [binary_part(line, 0, byte_size(line) - 1), ~s(,"id":), encode(id), "}"]
  end

  # A stream's chunks go out as they come; the last line is left.
  defp respond(result, channel) when is_function(result, 2) or is_struct(result, Stream) do
    sent = Enum.reduce(result, false, fn chunk, _ -> send_line(channel, result_line(chunk, "chunk")) end)
    result_line(if sent, do: nil, else: [])
  end

  defp respond(result, _), do: result_line(result)

  defp input_of(%{"content_type" => "binary", "data" => data}), do: {:binary, Base.decode64!(data)}
  defp input_of(%{"data" => data}), do: data

  defp result_line(result, key \\ "result")

  defp result_line({:binary, bytes}, key) do
    ~s({"#{key}":"#{Base.encode64(bytes)}","metadata":{"content_type":"binary"}})
  end

  defp result_line(result, key) do
    kind = if is_binary(result), do: "text", else: "json"
    [~s({"#{key}":), encode(result), ~s(,"metadata":{"content_type":"#{kind}"}})]
  end

  defp encode(value), do: :jiffy.encode(plain(value), [:use_nil])

  # Structs become maps, which is what JSON can carry.
  defp plain(%_{} = struct), do: struct |> Map.from_struct() |> plain()
  defp plain(map) when is_map(map), do: Map.new(map, fn {key, value} -> {key, plain(value)} end)
  defp plain(list) when is_list(list), do: Enum.map(list, &plain/1)
  defp plain(value), do: value

  # What the action answers, or one error line: the message, the type, and the author's frames only.
  defp attempt(action) do
    {:ok, action.()}
  rescue
    error -> {:error, error_line(Exception.message(error), inspect(error.__struct__), __STACKTRACE__)}
  catch
    kind, value -> {:error, error_line("#{kind}: #{inspect(value)}", to_string(kind), __STACKTRACE__)}
  end

  defp error_line(message, type, trace) do
    frames = Enum.reject(trace, fn {module, _, _, _} -> module == __MODULE__ end)
    body = %{message: message, error_type: type, stacktrace: message <> "\n" <> Exception.format_stacktrace(frames)}
    :jiffy.encode(%{error: body}, [:force_utf8])
  end
end
