import com.algorithmia.AlgorithmException;
import com.algorithmia.Algorithmia;
import com.algorithmia.AlgorithmiaClient;
import com.algorithmia.TypeToken;
import com.algorithmia.algo.AlgoResponse;
import com.algorithmia.algo.Algorithm;
import com.algorithmia.data.DataAcl;
import com.algorithmia.data.DataDirectory;
import com.algorithmia.data.DataFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Calls and hosted data by the client that Maven finds. The address comes from its own variable. */
public class Drive {
  interface Check {
    void run() throws Exception;
  }

  static final AlgorithmiaClient client = Algorithmia.client(System.getenv("ALGORITHMIA_API_KEY"));
  static final String NAME = "java_" + ProcessHandle.current().pid();

  public static void main(String[] arguments) {
    check("json_text_and_binary", Drive::values);
    check("options", Drive::options);
    check("calls_at_once", Drive::futures);
    check("void_output", Drive::later);
    check("errors_of_the_algorithm", Drive::errors);
    check("an_unknown_algorithm", Drive::unknown);
    check("directories_and_files", Drive::data);
    System.exit(0);
  }

  static void check(String name, Check check) {
    try {
      check.run();
      System.out.println("passed " + name);
    } catch (Throwable error) {
      String text = (error + " " + error.getStackTrace()[0]).replaceAll("\\s+", " ");
      System.out.println("failed " + name + ": " + text.substring(0, Math.min(300, text.length())));
    }
  }

  static void same(Object found, Object wanted) {
    if (!wanted.equals(found)) throw new IllegalStateException(found + " is not " + wanted);
  }

  static void values() throws Exception {
    Algorithm echo = client.algo("algo://demo/echo_python");
    same(echo.pipe("text ä").asString(), "text ä");
    same(echo.pipe(List.of(1, 2)).asJsonString(), "[1,2]");
    Map<String, Integer> map = echo.pipe(Map.of("a", 1)).as(new TypeToken<Map<String, Integer>>() {});
    same(map, Map.of("a", 1));
    byte[] bytes = echo.pipe(new byte[] {0, -1}).as(new TypeToken<byte[]>() {});
    same(bytes.length, 2);
    same(echo.pipeJson("{\"b\":[true]}").asJsonString(), "{\"b\":[true]}");
    same(echo.pipe("x").getMetadata().getDuration() > 0, true);
  }

  static void options() throws Exception {
    Algorithm algorithm = client.algo("demo/adk_python").setTimeout(60L, java.util.concurrent.TimeUnit.SECONDS).setStdout(true);
    AlgoResponse response = algorithm.pipe("Ann");
    same(response.asString(), "Hello Ann");
    same(response.getMetadata().getStdout().contains("greeting"), true);
  }

  static void futures() throws Exception {
    List<com.algorithmia.algo.FutureAlgoResponse> all = new ArrayList<>();
    for (int number = 0; number < 5; number++) all.add(client.algo("demo/echo_python").pipeAsync("n" + number));
    for (int number = 0; number < 5; number++) same(all.get(number).get().asString(), "n" + number);
  }

  static void later() throws Exception {
    Algorithm algorithm = client.algo("demo/echo_python").setOutputType(Algorithm.AlgorithmOutputType.VOID);
    same(algorithm.pipe("x").getAsyncResponse().getRequestId().startsWith("req-"), true);
  }

  static void errors() throws Exception {
    AlgoResponse response = client.algo("demo/adk_python").pipe("fail");
    same(response.isFailure(), true);
    try {
      response.asString();
    } catch (AlgorithmException error) {
      same(error.getMessage(), "no greeting for fail");
      return;
    }
    throw new IllegalStateException("nothing was raised");
  }

  static void unknown() throws Exception {
    try {
      client.algo("demo/no_such_algorithm").pipe(1).asString();
    } catch (com.algorithmia.APIException | AlgorithmException error) {
      return;
    }
    throw new IllegalStateException("nothing was raised");
  }

  static void data() throws Exception {
    DataDirectory directory = client.dir("data://.my/" + NAME);
    same(directory.exists(), false);
    directory.create(DataAcl.PRIVATE);
    same(directory.exists(), true);
    same(directory.getPermissions().getReadPermissions(), DataAcl.PRIVATE.getReadPermissions());
    same(directory.updatePermissions(DataAcl.PUBLIC), true);
    DataFile file = directory.file("a note.txt");
    file.put("text ä");
    same(file.getString(), "text ä");
    file.put(new byte[] {0, -1});
    same(file.getBytes().length, 2);
    List<String> names = new ArrayList<>();
    for (DataFile found : directory.files()) names.add(found.getName());
    same(names, List.of("a note.txt"));
    file.delete();
    same(file.exists(), false);
    directory.delete(true);
    same(directory.exists(), false);
  }
}
