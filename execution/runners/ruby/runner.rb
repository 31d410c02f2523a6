# Answers calls to one Ruby algorithm: one line of JSON in, one out, on the call channel (descriptor 0).
#
# Stand-alone: Ruby 2.7 or newer and its own libraries. What the algorithm prints goes to the log pipe (descriptors 1
# and 2); the call channel moves to a private descriptor at boot, where no print can reach it.

require "digest"
require "fcntl"
require "json"
require "set"
require "socket"
require "time"

module AgoraRunner
  # The version has nothing to call.
  class LoadingError < StandardError; end

  module_function

  def main
    @channel = UNIXSocket.for_fd(STDIN.fcntl(Fcntl::F_DUPFD, 3))
    @channel.close_on_exec = true
    STDIN.reopen(File::NULL)
    STDOUT.sync = STDERR.sync = false
    send_line('{"ready":{"protocol":1}}')
    line = @channel.gets
    serve(load_and_report(JSON.parse(line)["load"])) if line
  end

  def send_line(line)
    @channel.write(line, "\n")
  end

  # Loads the version and reports; ends the process when it cannot be loaded.
  def load_and_report(order)
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)
    apply = load_version(order)
    flush_prints
    duration = Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond) - started
    send_line(%({"loaded":{"duration_us":#{duration}}}))
    apply
  rescue Exception => error
    flush_prints
    send_line(error_line(error))
    exit!(1)
  end

  # Runs the entry and its load, and returns something to call with one argument.
  def load_version(order)
    ENV.update(order["environment_variables"] || {})
    Dir.chdir(order["directory"])
    entry = File.join(order["directory"], order["entry"])
    folders = [File.dirname(entry), "lib", "vendor", *Dir["vendor/*/lib"]]
    $LOAD_PATH.unshift(*folders.map { |folder| File.expand_path(folder) })
    require entry
    main = TOPLEVEL_BINDING.receiver
    apply = own_method(:apply) or raise LoadingError, "#{order['entry']} has no method called apply"
    state = take_load&.bind(main)&.call
    apply = apply.bind(main)
    takes_state?(apply) ? ->(input) { apply.call(input, state) } : apply
  end

  # A method that the entry defined at its top level.
  def own_method(name)
    methods = Object.private_instance_methods(false) + Object.instance_methods(false)
    Object.instance_method(name) if methods.include?(name)
  end

  # The entry's load. It is no longer defined afterwards: it would hide Ruby's own load from every object.
  def take_load
    load = own_method(:load)
    Object.send(:remove_method, :load) if load
    load
  end

  def takes_state?(apply)
    apply.parameters.count { |kind, _| %i[req opt].include?(kind) } >= 2
  end

  def serve(apply)
    while (line = @channel.gets)
      id = nil
      answer =
        begin
          request = JSON.parse(line, max_nesting: false)
          id = request["id"]
          result = apply.call(input_of(request))
          result_line(result.is_a?(Enumerator) ? send_chunks(result) : result)
        rescue Exception => error # also SystemExit: the caller is told, and the slot goes on
          error_line(error)
        end
      flush_prints
      send_line(id ? %(#{answer.chop},"id":#{JSON.generate(id)}}) : answer)
    end
  end

  # Sends each chunk as it comes; returns what is left to answer.
  def send_chunks(chunks)
    sent = false
    chunks.each do |chunk|
      send_line(result_line(chunk, "chunk"))
      sent = true
    end
    sent ? nil : []
  end

  def input_of(request)
    data = request["data"]
    request["content_type"] == "binary" ? data.unpack1("m") : data
  end

  def result_line(result, key = "result")
    if result.is_a?(String) && result.encoding == Encoding::BINARY
      return %({"#{key}":"#{[result].pack('m0')}","metadata":{"content_type":"binary"}})
    end

    kind = result.is_a?(String) ? "text" : "json"
    %({"#{key}":#{JSON.generate(result, max_nesting: 0)},"metadata":{"content_type":"#{kind}"}})
  end

  # One error line: the message, the type, and the author's frames only.
  def error_line(error)
    kind = error.respond_to?(:error_type) ? error.error_type : error.class.name
    message = error.is_a?(SystemExit) ? "exited with code #{error.status}" : text_of(error.message)
    body = { message: message, stacktrace: trace_of(error), error_type: kind || "StandardError" }
    JSON.generate({ error: body })
  end

  def trace_of(error)
    frames = (error.backtrace || []).reject { |frame| frame.start_with?(__FILE__) || frame.include?("<internal:") }
    text_of(["#{frames.first}: #{error.message} (#{error.class})", *frames.drop(1).map { |frame| "\tfrom #{frame}" }].join("\n"))
  end

  def text_of(value)
    value.to_s.dup.force_encoding(Encoding::UTF_8).scrub
  end

  def flush_prints
    STDOUT.flush
    STDERR.flush
  rescue StandardError # the algorithm may have closed it
    nil
  end
end

AgoraRunner.main
