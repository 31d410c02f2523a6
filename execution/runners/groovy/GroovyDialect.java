package agora.runner;

import groovy.lang.GroovySystem;
import java.util.ArrayList;
import java.util.LinkedHashMap;

/** Groovy: Java's collections, and a library that takes its time to wake up. */
final class GroovyDialect extends Dialect {
  GroovyDialect() throws ReflectiveOperationException {
    for (Class<?> common : new Class<?>[] {LinkedHashMap.class, ArrayList.class, String.class, Integer.class}) {
      GroovySystem.getMetaClassRegistry().getMetaClass(common);
    }
    ((Runnable) Class.forName("agora.runner.Warmth").getDeclaredConstructor().newInstance()).run();
  }
}
