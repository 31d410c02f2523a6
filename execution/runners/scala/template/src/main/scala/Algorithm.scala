object Algorithm:
  private var greeting = ""

  /** Runs once, before the first call. */
  def load(): Unit = greeting = "Hello"

  /** Answers one call. Give the input the type that you want: Any, String, Array[Byte], a number, List, Map, or a case
    * class of your own. What is returned becomes text, binary or JSON in the same way.
    */
  def apply(input: String): String = s"$greeting, $input!"
