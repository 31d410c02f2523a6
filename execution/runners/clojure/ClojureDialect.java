package agora.runner;

import clojure.java.api.Clojure;
import clojure.lang.Cycle;
import clojure.lang.IFn;
import clojure.lang.Iterate;
import clojure.lang.LazilyPersistentVector;
import clojure.lang.LazySeq;
import clojure.lang.Named;
import clojure.lang.PersistentHashMap;
import clojure.lang.Ratio;
import clojure.lang.Repeat;
import clojure.lang.Var;
import java.io.File;
import java.net.URL;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Clojure: the entry is a namespace, and data is persistent. Keys of objects stay strings. */
final class ClojureDialect extends Dialect {
  private final IFn require = Clojure.var("clojure.core", "require");

  @Override
  Version open(File directory, String entry) throws Throwable {
    String path = entry.replaceFirst("^src/", "").replaceFirst("\\.clj$", "");
    String name = path.replace('/', '.').replace('_', '-');
    Thread.currentThread().setContextClassLoader(new CompiledFirst(Version.openLoader(directory, "src/")));
    require.invoke(Clojure.read(name));
    Var apply = find(name, "apply");
    if (apply == null) throw new Version.LoadingError(entry + " has no function called apply in the namespace " + name);
    Var load = find(name, "load");
    if (load == null) return input -> answered(apply.invoke(incoming(input)));
    Object state = load.invoke();
    return input -> answered(apply.invoke(incoming(input), state));
  }

  /** Hides the source of what was compiled: Clojure compiles a source again unless the class has a later time. */
  private static final class CompiledFirst extends ClassLoader {
    CompiledFirst(ClassLoader parent) {
      super(parent);
    }

    @Override
    public URL getResource(String name) {
      boolean compiled = name.endsWith(".clj") && super.getResource(name.replaceFirst("\\.clj$", "__init.class")) != null;
      return compiled ? null : super.getResource(name);
    }
  }

  /** A function that the namespace defines; those of clojure.core that it refers to are none of its own. */
  private static Var find(String namespace, String name) {
    Var found = (Var) Clojure.var(namespace, name);
    return found.isBound() ? found : null;
  }

  @Override
  Object incoming(Object value) {
    if (value instanceof Map) {
      Map<Object, Object> made = new LinkedHashMap<>();
      ((Map<?, ?>) value).forEach((key, inner) -> made.put(key, incoming(inner)));
      return PersistentHashMap.create(made);
    }
    if (value instanceof List) {
      List<Object> made = new ArrayList<>();
      for (Object inner : (List<?>) value) made.add(incoming(inner));
      return LazilyPersistentVector.create(made);
    }
    return value instanceof Integer ? (Object) ((Integer) value).longValue() : value;
  }

  /** Sequences that are made while they are read. */
  @Override
  Iterator<?> chunks(Object result) {
    boolean lazy = result instanceof LazySeq || result instanceof Iterate || result instanceof Cycle || result instanceof Repeat;
    return lazy ? ((Iterable<?>) result).iterator() : super.chunks(result);
  }

  @Override
  Object outgoing(Object value) {
    if (value instanceof Named) return nameOf((Named) value);
    if (value instanceof Ratio) return ((Ratio) value).doubleValue();
    if (value instanceof Map) {
      Map<Object, Object> made = new LinkedHashMap<>();
      ((Map<?, ?>) value).forEach((key, inner) -> made.put(outgoing(key), outgoing(inner)));
      return made;
    }
    if (value instanceof Iterable) {
      List<Object> made = new ArrayList<>();
      for (Object inner : (Iterable<?>) value) made.add(outgoing(inner));
      return made;
    }
    return value;
  }

  private static String nameOf(Named value) {
    return value.getNamespace() == null ? value.getName() : value.getNamespace() + "/" + value.getName();
  }
}
