import java.io.File

private var count = 0

fun load() {
    check(!File("/algorithm/fail_load.txt").exists()) { "no model" }
}

fun apply(input: Any?): Any? {
    val action = (input as? Map<*, *>)?.get("do") ?: return input
    return when (action) {
        "text" -> "tëxt 🍎"
        "bytes" -> byteArrayOf(0, -1, 10, -128)
        "count" -> ++count
        "raise" -> throw IllegalArgumentException("deliberate 🍎")
        "exit" -> Runtime.getRuntime().halt(3)
        "loop" -> loop()
        "stream" -> generateSequence(1) { it + 1 }.take((input as Map<*, *>)["count"] as Int)
        "print" -> printMuch((input as Map<*, *>)["mebibytes"] as Int)
        "hog" -> hog()
        else -> repeat(2000) { ProcessBuilder("sleep", "60").start() }
    }
}

private fun loop() {
    while (true) Thread.onSpinWait()
}

private fun printMuch(mebibytes: Int): String {
    ProcessBuilder("echo", "from a child").inheritIO().start().waitFor()
    repeat(mebibytes * 1024) { println("x".repeat(1023)) }
    return "printed"
}

private fun hog() {
    val held = mutableListOf<ByteArray>()
    while (true) held.add(ByteArray(1 shl 20))
}
