import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Algorithm {
  private final HttpClient client = HttpClient.newHttpClient();

  public String apply(String input) throws Exception {
    URI address = URI.create(System.getenv("ALGORITHMIA_API") + "/v1/algo/demo/template_python?output=raw");
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(input))
            .build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }
}
