<?php
// Answers calls to one PHP algorithm: one line of JSON in, one out, on the call channel (descriptor 3, where the
// manifest's command moves it). Stand-alone: PHP 8.0 or newer. What the algorithm prints goes to the log pipe.

declare(strict_types=1);

namespace Agora {
    /** Bytes that are no text: what a binary input is, and what makes a result binary. */
    final class Binary implements \Stringable
    {
        public function __construct(public string $bytes)
        {
        }

        public function __toString(): string
        {
            return $this->bytes;
        }
    }
}

namespace AgoraRunner {
    const PROTOCOL = 1;
    const CHANNEL = 'php://fd/3';
    const SET_FLAGS = 2;
    const CLOSE_ON_EXEC = 1;
    const BUFFER = 1 << 18;
    const DEPTH = 1 << 20;
    const FLAGS = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION;

    /** The version has nothing to call. */
    final class LoadingError extends \Exception
    {
    }

    final class Runner
    {
        /** @var resource */
        private $channel;
        private mixed $state = null;

        public function run(): void
        {
            $this->channel = fopen(CHANNEL, 'r+');
            closeInChildren();
            stream_set_chunk_size($this->channel, BUFFER);
            stream_set_timeout($this->channel, PHP_INT_MAX >> 32);
            $this->send('{"ready":{"protocol":' . PROTOCOL . '}}');
            if (($line = $this->receive()) !== null) {
                $this->loadAndReport(json_decode($line, true, DEPTH, FLAGS)['load']);
                $this->serve();
            }
        }

        /** A line; null at the end. */
        private function receive(): ?string
        {
            while (($line = fgets($this->channel)) === false) {
                if (feof($this->channel)) {
                    return null;
                }
            }
            return $line;
        }

        private function send(string $line): void
        {
            $line .= "\n";
            while ($line !== '' && ($written = fwrite($this->channel, $line)) !== false) {
                $line = substr($line, $written);
            }
        }

        /** Loads the version and reports; ends the process when it cannot be loaded. */
        private function loadAndReport(array $order): void
        {
            $started = hrtime(true);
            try {
                $this->state = $this->load($order);
            } catch (\Throwable $error) {
                $this->send($this->errorLine($error));
                exit(1);
            }
            $this->send('{"loaded":{"duration_us":' . intdiv(hrtime(true) - $started, 1000) . '}}');
        }

        /** Runs the entry, and its load(), whose result it returns. */
        private function load(array $order): mixed
        {
            foreach ($order['environment_variables'] ?? [] as $name => $value) {
                putenv("$name=$value");
                $_ENV[$name] = $value;
            }
            chdir($order['directory']);
            $entry = $order['directory'] . '/' . $order['entry'];
            set_include_path(dirname($entry) . PATH_SEPARATOR . $order['directory'] . PATH_SEPARATOR . get_include_path());
            if (is_file('vendor/autoload.php')) {
                require 'vendor/autoload.php';
            }
            requireAlone($entry);
            if (!function_exists('apply')) {
                throw new LoadingError($order['entry'] . ' has no function called apply');
            }
            return function_exists('load') ? \load() : null;
        }

        private function serve(): void
        {
            while (($line = $this->receive()) !== null) {
                $id = null;
                try {
                    $request = json_decode($line, false, DEPTH, FLAGS);
                    $id = $request->id ?? null;
                    $binary = $request->content_type === 'binary';
                    $input = $binary ? new \Agora\Binary(base64_decode($request->data)) : $request->data;
                    $result = \apply($input, $this->state);
                    $answer = $this->resultLine($result instanceof \Generator ? $this->sendChunks($result) : $result);
                } catch (\Throwable $error) {
                    $answer = $this->errorLine($error);
                }
                $this->send($id === null ? $answer : substr($answer, 0, -1) . ',"id":' . json_encode($id) . '}');
            }
        }

        /** Sends each chunk as it comes; returns what is left to answer. */
        private function sendChunks(\Generator $chunks): mixed
        {
            $sent = false;
            foreach ($chunks as $chunk) {
                $this->send($this->resultLine($chunk, 'chunk'));
                $sent = true;
            }
            return $chunks->getReturn() ?? ($sent ? null : []);
        }

        private function resultLine(mixed $result, string $key = 'result'): string
        {
            if ($result instanceof \Agora\Binary) {
                return '{"' . $key . '":"' . base64_encode($result->bytes) . '","metadata":{"content_type":"binary"}}';
            }
            $kind = is_string($result) ? 'text' : 'json';
            return '{"' . $key . '":' . json_encode($result, FLAGS, DEPTH) . ',"metadata":{"content_type":"' . $kind . '"}}';
        }

        /** One error line: the message, the type, and the author's frames only. */
        private function errorLine(\Throwable $error): string
        {
            $body = [
                'message' => $error->getMessage(),
                'stacktrace' => $this->trace($error),
                'error_type' => is_string($error->error_type ?? null) ? $error->error_type : get_class($error),
            ];
            return json_encode(['error' => $body], JSON_INVALID_UTF8_SUBSTITUTE | FLAGS);
        }

        private function trace(\Throwable $error): string
        {
            $lines = [get_class($error) . ': ' . $error->getMessage() . ' in ' . $error->getFile() . ':' . $error->getLine()];
            foreach ($error->getTrace() as $frame) {
                if (($frame['file'] ?? __FILE__) !== __FILE__) {
                    $lines[] = '  at ' . $frame['file'] . ':' . $frame['line'] . ' in ' . $frame['function'] . '()';
                }
            }
            return implode("\n", $lines);
        }
    }

    /** Programs that the algorithm starts shall not write answers. Without FFI, which Debian's PHP has, they could. */
    function closeInChildren(): void
    {
        if (!class_exists(\FFI::class)) {
            return;
        }
        $libc = \FFI::cdef('int fcntl(int, int, ...);');
        foreach (array_diff(scandir('/proc/self/fd'), ['.', '..', '0', '1', '2']) as $number) {
            $libc->fcntl((int) $number, SET_FLAGS, CLOSE_ON_EXEC);
        }
    }

    /** Where the entry sees none of the runner's variables. */
    function requireAlone(string $entry): void
    {
        (static fn () => require $entry)();
    }

    (new Runner())->run();
}
