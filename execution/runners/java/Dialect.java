package agora.runner;

import java.io.File;
import java.util.Set;

/** What a language on the JVM does in its own way. This one is Java's, and that of all who use Java's collections. */
class Dialect {
  private static final Set<String> UNITS = Set.of("kotlin.Unit", "scala.runtime.BoxedUnit");

  /** Finds apply in what was built, and runs load. Throws what that throws. */
  Version open(File directory, String entry) throws Throwable {
    return new ClassVersion(directory, entry, this);
  }

  /** What the author's language calls a value that came as JSON. */
  Object incoming(Object value) {
    return value;
  }

  /** What JSON can write, of a result. */
  Object outgoing(Object value) {
    return value != null && UNITS.contains(value.getClass().getName()) ? null : value;
  }
}
