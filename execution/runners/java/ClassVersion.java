package agora.runner;

import java.io.File;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/** A version whose apply is a method of a class: one object of it, and what its load returned. */
final class ClassVersion implements Version {
  private final Dialect dialect;
  private final Method apply;
  private final List<Method> overloads;
  private final Object instance;
  private final boolean hasLoad;
  private final Object state;

  /** Finds the class, makes one object of it and runs its load. Throws what that throws. */
  ClassVersion(File directory, String entry, Dialect dialect) throws Throwable {
    this.dialect = dialect;
    Class<?> owner = findClass(Version.openLoader(directory), directory, entry);
    overloads = findAll(owner, "apply");
    Method load = find(owner, "load");
    apply = overloads.isEmpty() ? null : overloads.get(0);
    if (apply == null || apply.getParameterCount() < 1) {
      throw new LoadingError(entry + " has no method called apply that takes the input");
    }
    instance = needsInstance(apply) || (load != null && needsInstance(load)) ? create(owner) : null;
    hasLoad = load != null;
    state = load == null ? null : invoke(load, instance);
  }

  /** The class that the entry became. Kotlin and Scala have names of their own for functions outside a class. */
  private static Class<?> findClass(ClassLoader loader, File directory, String entry) throws Exception {
    String path = entry.replaceFirst("^src/(main/)?((java|kotlin|scala|groovy)/)?", "").replaceFirst("\\.[^.]*$", "");
    String name = path.replace('/', '.');
    for (String suffix : new String[] {"Kt", "$package"}) {
      try {
        return loader.loadClass(name + suffix);
      } catch (ClassNotFoundException error) {
        continue;
      }
    }
    return loader.loadClass(isBuilt(directory, path) ? name : findBuilt(directory, new File(path).getName()));
  }

  private static boolean isBuilt(File directory, String path) {
    return new File(directory, ".packages/classes/" + path + ".class").isFile();
  }

  /** The class of that name in whatever package: those languages let a file lie elsewhere than its package says. */
  private static String findBuilt(File directory, String name) throws IOException {
    Path classes = directory.toPath().resolve(".packages/classes");
    try (Stream<Path> files = Files.walk(classes)) {
      return files
          .filter(file -> file.getFileName().toString().equals(name + ".class"))
          .map(file -> classes.relativize(file).toString().replaceFirst("\\.class$", "").replace('/', '.'))
          .findFirst()
          .orElse(name);
    }
  }

  private static Method find(Class<?> owner, String name) {
    List<Method> found = findAll(owner, name);
    return found.isEmpty() ? null : found.get(0);
  }

  /** The methods of that name that the author wrote; bridges that a compiler adds do not count. */
  private static List<Method> findAll(Class<?> owner, String name) {
    List<Method> found = new ArrayList<>();
    for (Method method : owner.getDeclaredMethods()) {
      if (!method.getName().equals(name) || method.isBridge() || method.isSynthetic()) continue;
      method.setAccessible(true);
      found.add(isMarked(method, "AcceptsJson") ? found.size() : 0, method); // takes anything: comes last
    }
    return found;
  }

  private static boolean needsInstance(Method method) {
    return !Modifier.isStatic(method.getModifiers());
  }

  private static Object create(Class<?> owner) throws Throwable {
    try {
      Constructor<?> constructor = owner.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (InvocationTargetException error) {
      throw error.getCause();
    }
  }

  private static Object invoke(Method method, Object instance, Object... arguments) throws Throwable {
    try {
      return method.invoke(instance, arguments);
    } catch (InvocationTargetException error) {
      throw error.getCause();
    }
  }

  @Override
  public Object call(Object input) throws Throwable {
    if (overloads.size() > 1 || apply.getParameterCount() > 2 || (apply.getParameterCount() == 2 && !hasLoad)) {
      return dialect.answered(callOverload(input));
    }
    Object value = argument(apply, 0, input);
    Object result = apply.getParameterCount() == 1 ? invoke(apply, instance, value) : invoke(apply, instance, value, state);
    return dialect.answered(result(apply, result));
  }

  private Object argument(Method method, int index, Object input) throws ReflectiveOperationException {
    if (isMarked(method, "AcceptsJson")) return Json.write(input);
    Object own = dialect.incoming(input);
    Class<?> wanted = method.getParameterTypes()[index];
    return wanted.isInstance(own) ? own : Values.convert(input, method.getGenericParameterTypes()[index]);
  }

  private static Object result(Method method, Object result) {
    return isMarked(method, "ReturnsJson") && result instanceof String ? Json.parse((String) result) : result;
  }

  /** Whether an annotation of Algorithmia's client says that JSON goes in, or comes out, as text. */
  private static boolean isMarked(Method method, String name) {
    for (Annotation annotation : method.getAnnotations()) {
      if (annotation.annotationType().getName().equals("com.algorithmia.algo." + name)) return true;
    }
    return false;
  }

  /** As Algorithmia did: an array is spread over as many parameters, if one of the methods takes them; else it is one. */
  private Object callOverload(Object input) throws Throwable {
    List<?> spread = input instanceof List ? (List<?>) input : List.of();
    for (List<?> values : new List<?>[] {spread, Collections.singletonList(input)}) {
      for (Method method : overloads) {
        Object[] arguments = arguments(method, values);
        if (arguments != null) return result(method, invoke(method, instance, arguments));
      }
    }
    throw new IllegalArgumentException("no apply takes this input");
  }

  /** The values as the method's parameters; null when it does not take them. */
  private Object[] arguments(Method method, List<?> values) {
    if (values.isEmpty() || method.getParameterCount() != values.size()) return null;
    Object[] made = new Object[values.size()];
    try {
      for (int index = 0; index < made.length; index++) made[index] = argument(method, index, values.get(index));
    } catch (ReflectiveOperationException | IllegalArgumentException | ArithmeticException error) {
      return null;
    }
    return made;
  }
}
