package agora.runner;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;

/** A version whose apply is a method of a class: one object of it, and what its load returned. */
final class ClassVersion implements Version {
  private final Dialect dialect;
  private final Method apply;
  private final Object instance;
  private final Object state;

  /** Finds the class, makes one object of it and runs its load. Throws what that throws. */
  ClassVersion(File directory, String entry, Dialect dialect) throws Throwable {
    this.dialect = dialect;
    Class<?> owner = findClass(Version.openLoader(directory), entry);
    apply = find(owner, "apply");
    if (apply == null || apply.getParameterCount() < 1 || apply.getParameterCount() > 2) {
      throw new LoadingError(entry + " has no method called apply that takes the input");
    }
    Method load = find(owner, "load");
    instance = needsInstance(apply) || (load != null && needsInstance(load)) ? create(owner) : null;
    state = load == null ? null : invoke(load, instance);
  }

  /** The class that the entry became. Kotlin and Scala have names of their own for functions outside a class. */
  private static Class<?> findClass(ClassLoader loader, String entry) throws ClassNotFoundException {
    String path = entry.replaceFirst("^src/(main/)?((java|kotlin|scala|groovy)/)?", "").replaceFirst("\\.[^.]*$", "");
    String name = path.replace('/', '.');
    for (String suffix : new String[] {"Kt", "$package"}) {
      try {
        return loader.loadClass(name + suffix);
      } catch (ClassNotFoundException error) {
        continue;
      }
    }
    return loader.loadClass(name);
  }

  /** A method that the author wrote; bridges that a compiler adds do not count. */
  private static Method find(Class<?> owner, String name) {
    for (Method method : owner.getDeclaredMethods()) {
      if (method.getName().equals(name) && !method.isBridge() && !method.isSynthetic()) {
        method.setAccessible(true);
        return method;
      }
    }
    return null;
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
    Object own = dialect.incoming(input);
    Class<?> wanted = apply.getParameterTypes()[0];
    Object value = wanted.isInstance(own) ? own : Values.convert(input, apply.getGenericParameterTypes()[0]);
    Object result = apply.getParameterCount() == 1 ? invoke(apply, instance, value) : invoke(apply, instance, value, state);
    return dialect.outgoing(result);
  }
}
