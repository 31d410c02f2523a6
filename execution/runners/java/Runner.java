package agora.runner;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Answers calls to one algorithm in a language of the JVM: one line of JSON in, one out, on the call channel (descriptor
 * 3, where the manifest's command moves it). Java 17 or newer, nothing but its own library. What the algorithm prints
 * goes to the log pipe (descriptors 1 and 2).
 */
public final class Runner {
  private static final int CHANNEL = 3;
  private static final String OURS = "agora\\.runner\\..*|(java|jdk\\.internal)\\..*reflect\\..*";
  private static final int READ_BUFFER = 1 << 18;

  private final InputStream requests;
  private final OutputStream responses;
  private final Dialect dialect;
  private final byte[] buffer = new byte[READ_BUFFER];
  private int start;
  private int end;

  private Runner(FileDescriptor channel, Dialect dialect) {
    requests = new FileInputStream(channel);
    responses = new FileOutputStream(channel);
    this.dialect = dialect;
  }

  /** The argument is the class of the language's dialect. */
  public static void main(String[] arguments) throws Exception {
    Constructor<?> dialect = Class.forName(arguments[0]).getDeclaredConstructor();
    dialect.setAccessible(true);
    new Runner(descriptor(CHANNEL), (Dialect) dialect.newInstance()).run();
    System.exit(0); // whatever threads the algorithm left
  }

  private static FileDescriptor descriptor(int number) throws ReflectiveOperationException {
    Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
    constructor.setAccessible(true);
    return constructor.newInstance(number);
  }

  private void run() throws IOException {
    warmUp();
    send("{\"ready\":{\"protocol\":1}}");
    String line = receive();
    if (line != null) serve(loadAndReport(field(Json.parse(line), "load")));
  }

  /** Uses, while nobody waits, what the first call will use. */
  private void warmUp() {
    for (int round = 0; round < 100; round++) {
      Object value = Json.parse("{\"data\": [1, 2.5, \"te\\u00e9xt\", null, true, {\"a\": {}}]}");
      resultLine("result", dialect.outgoing(dialect.incoming(value)));
      resultLine("result", new byte[] {1});
      errorLine(new IllegalStateException("warming up"));
    }
    Base64.getDecoder().decode("AQ==");
  }

  private String receive() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (true) {
      for (int index = start; index < end; index++) {
        if (buffer[index] != '\n') continue;
        line.write(buffer, start, index - start);
        start = index + 1;
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(buffer, start, end - start);
      start = 0;
      end = requests.read(buffer);
      if (end < 0) return null;
    }
  }

  private void send(String line) throws IOException {
    responses.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Loads the version and reports; ends the process when it cannot be loaded. */
  private Version loadAndReport(Object order) throws IOException {
    long started = System.nanoTime();
    try {
      File directory = new File((String) field(order, "directory"));
      Version version = dialect.open(directory, (String) field(order, "entry"));
      flushPrints();
      send("{\"loaded\":{\"duration_us\":" + (System.nanoTime() - started) / 1000 + "}}");
      return version;
    } catch (Throwable error) {
      flushPrints();
      send(errorLine(error));
      System.exit(1);
      throw new IllegalStateException("ended");
    }
  }

  private void serve(Version version) throws IOException {
    String line;
    while ((line = receive()) != null) {
      String answer;
      Object id = null;
      try {
        Object request = Json.parse(line);
        id = field(request, "id");
        Object result = version.call(inputOf(request));
        answer = resultLine("result", result instanceof Iterator ? sendChunks((Iterator<?>) result) : result);
      } catch (Throwable error) {
        answer = errorLine(error);
      }
      flushPrints();
      send(id == null ? answer : answer.substring(0, answer.length() - 1) + ",\"id\":" + Json.write(id) + "}");
    }
  }

  /** Sends each chunk as it comes; returns what is left to answer. */
  private Object sendChunks(Iterator<?> chunks) throws IOException {
    boolean sent = false;
    for (; chunks.hasNext(); sent = true) send(resultLine("chunk", chunks.next()));
    return sent ? null : List.of();
  }

  private static Object field(Object object, String name) {
    return ((Map<?, ?>) object).get(name);
  }

  private static Object inputOf(Object request) {
    Object data = field(request, "data");
    return "binary".equals(field(request, "content_type")) ? Base64.getDecoder().decode((String) data) : data;
  }

  private static String resultLine(String key, Object result) {
    if (result instanceof byte[]) {
      String text = Base64.getEncoder().encodeToString((byte[]) result);
      return "{\"" + key + "\":\"" + text + "\",\"metadata\":{\"content_type\":\"binary\"}}";
    }
    String kind = result instanceof CharSequence ? "text" : "json";
    return "{\"" + key + "\":" + Json.write(result) + ",\"metadata\":{\"content_type\":\"" + kind + "\"}}";
  }

  /** One error line: the message, the type, and the author's frames only. */
  private static String errorLine(Throwable error) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("message", error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage());
    body.put("stacktrace", traceOf(error));
    body.put("error_type", error.getClass().getName());
    return Json.write(Map.of("error", body));
  }

  private static String traceOf(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      List<StackTraceElement> frames = new ArrayList<>(Arrays.asList(cause.getStackTrace()));
      frames.removeIf(frame -> frame.getClassName().matches(OURS));
      cause.setStackTrace(frames.toArray(new StackTraceElement[0]));
    }
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text, true));
    return text.toString();
  }

  private static void flushPrints() {
    System.out.flush();
    System.err.flush();
  }
}
