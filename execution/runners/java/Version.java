package agora.runner;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

/** One loaded version. */
interface Version {
  /** What apply answers: what JSON can write, or an Iterator of that. Throws what it throws. */
  Object call(Object input) throws Throwable;

  /** A loader of what the build put into the version's folder, and of the folder itself; it becomes the thread's. */
  static ClassLoader openLoader(File directory, String... more) throws MalformedURLException {
    List<URL> urls = new ArrayList<>();
    urls.add(new File(directory, ".packages/classes/").toURI().toURL());
    for (String folder : more) urls.add(new File(directory, folder).toURI().toURL());
    urls.add(directory.toURI().toURL());
    File[] jars = new File(directory, ".packages/lib").listFiles();
    for (File jar : jars == null ? new File[0] : jars) urls.add(jar.toURI().toURL());
    ClassLoader loader = new URLClassLoader(urls.toArray(new URL[0]), Version.class.getClassLoader());
    Thread.currentThread().setContextClassLoader(loader);
    return loader;
  }

  /** The version has nothing to call. */
  final class LoadingError extends Exception {
    LoadingError(String message) {
      super(message);
    }
  }
}
