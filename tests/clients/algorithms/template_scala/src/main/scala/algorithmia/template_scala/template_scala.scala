package algorithmia.template_scala

class template_scala {
  def apply(input: String): String = {
    if (input == "fail") throw new Exception("no greeting for fail")
    "Hello " + input
  }
}
