import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.commons.lang3.StringUtils;

public class Algorithm {
  private int count;

  public void load() {
    if (new File("/algorithm/fail_load.txt").exists()) throw new IllegalStateException("no model");
  }

  public Object apply(Object input) throws Exception {
    Object action = input instanceof Map ? ((Map<?, ?>) input).get("do") : null;
    if (action == null) return input;
    switch ((String) action) {
      case "text": return "tëxt 🍎";
      case "bytes": return new byte[] {0, (byte) 255, 10, (byte) 128};
      case "count": return ++count;
      case "raise": throw new IllegalArgumentException("deliberate 🍎");
      case "exit": Runtime.getRuntime().halt(3);
      case "loop": while (true) Thread.onSpinWait();
      case "stream": return IntStream.rangeClosed(1, (int) ((Map<?, ?>) input).get("count"));
      case "print": return print((int) ((Map<?, ?>) input).get("mebibytes"));
      case "hog": return hog();
      default: return spawn();
    }
  }

  private String print(int mebibytes) throws Exception {
    new ProcessBuilder("echo", "from a child").inheritIO().start().waitFor();
    for (int line = 0; line < mebibytes * 1024; line++) System.out.println(StringUtils.repeat("x", 1023));
    return "printed";
  }

  private Object hog() {
    List<Object> held = new ArrayList<>();
    while (true) held.add(new byte[1 << 20]);
  }

  private Object spawn() throws IOException {
    for (int number = 0; number < 2000; number++) new ProcessBuilder("sleep", "60").start();
    return null;
  }
}
