package agora.runner;

import java.util.Iterator;
import kotlin.sequences.Sequence;

/** Kotlin: Java's collections, and sequences. */
final class KotlinDialect extends Dialect {
  @Override
  Iterator<?> chunks(Object result) {
    return result instanceof Sequence ? ((Sequence<?>) result).iterator() : super.chunks(result);
  }
}
