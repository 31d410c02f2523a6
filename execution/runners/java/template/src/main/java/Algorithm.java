/** Made once, before the first call: its fields keep what all calls share. */
public class Algorithm {
  private String greeting;

  /** Runs once, before the first call. */
  public void load() {
    greeting = "Hello";
  }

  /**
   * Answers one call. Give the input the type that you want: Object, String, byte[], a number, List, Map, or a record of
   * your own. What is returned becomes text, binary or JSON in the same way.
   */
  public String apply(String input) {
    return greeting + ", " + input + "!";
  }
}
