% Answers calls to one Octave algorithm: one line of JSON in, one out, on the call channel (named pipes to it, which the
% manifest's command makes).
%
% What the algorithm prints goes to the log pipe (descriptors 1 and 2).
1;

function agora_main(folder)
  addpath(folder);
  page_screen_output(false);
  warning("off", "Octave:shadowed-function");
  max_recursion_depth(10000);
  requests = agora_open("requests", "r");
  responses = agora_open("responses", "w");
  json_encode(json_decode('{"data": [1, "te\u00e9xt", null, true]}'));
  agora_send(responses, '{"ready":{"protocol":1}}');
  line = agora_receive(requests);
  if ischar(line)
    agora_serve(requests, responses, agora_load_and_report(responses, json_decode(line).load));
  end
end

% A pipe to the channel, closed in children, who shall not write answers, and out of reach by its name.
function file = agora_open(name, mode)
  path = ["/tmp/.channel/", name];
  file = fopen(path, mode);
  fcntl(file, F_SETFD, 1); % FD_CLOEXEC
  unlink(path);
end

% The next line; -1 when the channel closes. fgetl looks at the character after a line, and would wait for it: that is why
% an empty line comes after each, which is read with the next one.
function line = agora_receive(requests)
  do
    line = fgetl(requests);
  until ! isempty(line)
end

function agora_send(responses, line)
  fflush(stdout);
  fputs(responses, [line, "\n"]);
  fflush(responses);
end

% Loads the version and reports; ends the process when it cannot be loaded.
function apply = agora_load_and_report(responses, order)
  started = tic();
  try
    apply = agora_load(order);
  catch problem
    agora_send(responses, agora_error_line(problem));
    fclose(responses);
    while exist("/tmp/.channel") % until all is sent
      pause(0.002);
    end
    exit(1);
  end
  agora_send(responses, sprintf('{"loaded":{"duration_us":%d}}', round(1e6 * toc(started))));
end

% Runs the entry and its load, and returns a function of one argument.
function call = agora_load(order)
  variables = order.environment_variables;
  for name = fieldnames(variables)'
    setenv(name{1}, variables.(name{1}));
  end
  cd(order.directory);
  addpath(fileparts(fullfile(order.directory, order.entry)));
  source(order.entry);
  if exist("apply") != 103
    error("LoadingError:apply", "%s has no function called apply", order.entry);
  end
  state = [];
  if exist("load") == 103
    state = load();
    clear("-f", "load"); % it would hide Octave's own load
  end
  if nargin("apply") == 1
    call = @(input) apply(input);
  else
    call = @(input) apply(input, state);
  end
end

function agora_serve(requests, responses, call)
  while ischar(line = agora_receive(requests))
    request = struct();
    try
      request = json_decode(line);
      answer = agora_result_line(call(agora_input(request)));
    catch problem
      answer = agora_error_line(problem);
    end
    if isfield(request, "id")
      answer = [answer(1:end - 1), ',"id":', json_encode(request.id), "}"];
    end
    agora_send(responses, answer);
  end
end

function input = agora_input(request)
  input = request.data;
  if strcmp(request.content_type, "binary")
    input = agora_bytes(input);
  end
end

function bytes = agora_bytes(text)
  values = zeros(1, 256);
  values(["A":"Z", "a":"z", "0":"9", "+/"]) = 0:63;
  numbers = reshape(values(text), 4, []);
  bits = [262144, 4096, 64, 1] * numbers;
  bytes = uint8([floor(bits / 65536); mod(floor(bits / 256), 256); mod(bits, 256)])(:)';
  bytes = bytes(1:end - sum(text(max(1, end - 1):end) == "="));
end

function text = agora_base64(bytes)
  letters = ["A":"Z", "a":"z", "0":"9", "+/"];
  padding = mod(-numel(bytes), 3);
  triples = double(reshape([bytes(:)', zeros(1, padding)], 3, []));
  bits = [65536, 256, 1] * triples;
  numbers = [floor(bits / 262144); mod(floor(bits / 4096), 64); mod(floor(bits / 64), 64); mod(bits, 64)];
  text = letters(numbers(:)' + 1);
  text(end - padding + 1:end) = "=";
end

function line = agora_result_line(result)
  if isa(result, "uint8")
    line = ['{"result":"', agora_base64(result), '","metadata":{"content_type":"binary"}}'];
  else
    kind = {"json", "text"}{ischar(result) + 1};
    line = ['{"result":', json_encode(result), ',"metadata":{"content_type":"', kind, '"}}'];
  end
end

% One error line: the message, the type, and the author's frames only.
function line = agora_error_line(problem)
  trace = ["error: ", problem.message];
  for frame = problem.stack'
    if isempty(regexp(frame.name, '^agora_|^json_|runner\.m$'))
      trace = sprintf("%s\n  at %s (%s:%d)", trace, frame.name, frame.file, frame.line);
    end
  end
  kind = problem.identifier;
  if isempty(kind)
    kind = "AlgorithmError";
  end
  body = struct("message", problem.message, "stacktrace", trace, "error_type", kind);
  line = json_encode(struct("error", body));
end

agora_main(fileparts(program_invocation_name()));
