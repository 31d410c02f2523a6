package agora.runner;

import java.io.File;

/** What a language on the JVM does in its own way. This one is Java's, and that of all who use Java's collections. */
class Dialect {
  /** The name of the class that the entry file became. */
  String className(String entry) {
    String name = entry.replaceFirst("^.*src/(main/)?([a-z]+/)?(?=[A-Z])", "").replaceFirst("\\.[^.]*$", "");
    return name.replace(File.separatorChar, '.');
  }

  /** What the author's language calls a value that came as JSON. */
  Object incoming(Object value) {
    return value;
  }

  /** What JSON can write, of a result. */
  Object outgoing(Object value) {
    return value;
  }
}
