package agora.runner;

import java.io.File;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

/** One loaded version: the author's class, its apply and what its load returned. */
class Version {
  private final Dialect dialect;
  private final Method apply;
  private final Object instance;
  private final Object state;

  /** Finds the class, makes one object of it and runs its load. Throws what that throws. */
  Version(File directory, String entry, Dialect dialect) throws Throwable {
    this.dialect = dialect;
    ClassLoader loader = new URLClassLoader(classPath(directory), Version.class.getClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    Class<?> owner = loader.loadClass(dialect.className(entry));
    apply = find(owner, "apply");
    if (apply == null || apply.getParameterCount() < 1 || apply.getParameterCount() > 2) {
      throw new LoadingError(entry + " has no method called apply that takes the input");
    }
    Method load = find(owner, "load");
    instance = needsInstance(apply) || (load != null && needsInstance(load)) ? create(owner) : null;
    state = load == null ? null : invoke(load, instance);
  }

  private static URL[] classPath(File directory) throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    urls.add(new File(directory, ".packages/classes/").toURI().toURL());
    urls.add(directory.toURI().toURL());
    File[] jars = new File(directory, ".packages/lib").listFiles();
    for (File jar : jars == null ? new File[0] : jars) urls.add(jar.toURI().toURL());
    return urls.toArray(new URL[0]);
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

  Object call(Object input) throws Throwable {
    Object value = Values.convert(dialect.incoming(input), apply.getGenericParameterTypes()[0]);
    Object result = apply.getParameterCount() == 1 ? invoke(apply, instance, value) : invoke(apply, instance, value, state);
    return dialect.outgoing(result);
  }

  /** The version has nothing to call. */
  static final class LoadingError extends Exception {
    LoadingError(String message) {
      super(message);
    }
  }
}
