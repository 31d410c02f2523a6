private var greeting = ""

/** Runs once, before the first call. */
fun load() {
    greeting = "Hello"
}

/**
 * Answers one call. Give the input the type that you want: Any?, String, ByteArray, a number, List, Map, or a data class of
 * your own. What is returned becomes text, binary or JSON in the same way.
 */
fun apply(input: String): String = "$greeting, $input!"
