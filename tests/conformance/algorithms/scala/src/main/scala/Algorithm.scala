import java.io.File
import scala.collection.mutable.ArrayBuffer

object Algorithm:
  private var count = 0

  def load(): Unit =
    if File("/algorithm/fail_load.txt").exists then throw IllegalStateException("no model")

  def apply(input: Any): Any = input match
    case values: Map[String, Any] @unchecked if values.contains("do") => act(values)
    case _ => input

  private def act(input: Map[String, Any]): Any = input("do") match
    case "text" => "tëxt 🍎"
    case "bytes" => Array[Byte](0, -1, 10, -128)
    case "count" => count += 1; count
    case "raise" => throw IllegalArgumentException("deliberate 🍎")
    case "exit" => Runtime.getRuntime.halt(3)
    case "loop" => while true do Thread.onSpinWait()
    case "stream" => LazyList.from(1).take(input("count").asInstanceOf[Int])
    case "print" => print(input("mebibytes").asInstanceOf[Int])
    case "hog" =>
      val held = ArrayBuffer[Array[Byte]]()
      while true do held += new Array[Byte](1 << 20)
    case _ => for _ <- 1 to 2000 do ProcessBuilder("sleep", "60").start()

  private def print(mebibytes: Int): String =
    ProcessBuilder("echo", "from a child").inheritIO().start().waitFor()
    for _ <- 1 to mebibytes * 1024 do println("x" * 1023)
    "printed"
