package agora.runner;

import java.io.File;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.BaseStream;

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

  /** What is left to write of a result: the chunks of a streaming one, or what JSON can write. */
  final Object answered(Object result) {
    Iterator<?> chunks = chunks(result);
    if (chunks == null) return outgoing(result);
    return new Iterator<Object>() {
      @Override
      public boolean hasNext() {
        return chunks.hasNext();
      }

      @Override
      public Object next() {
        return outgoing(chunks.next());
      }
    };
  }

  /** What makes a result a streaming one; null when it is none. */
  Iterator<?> chunks(Object result) {
    if (result instanceof BaseStream) return ((BaseStream<?, ?>) result).iterator();
    return result instanceof Iterator ? (Iterator<?>) result : null;
  }

  /** What JSON can write, of a result. */
  Object outgoing(Object value) {
    return value != null && UNITS.contains(value.getClass().getName()) ? null : value;
  }
}
