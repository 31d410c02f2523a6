algorithm <- function(input) {
  if (input == "fail") stop("no greeting for fail")
  paste("Hello", input)
}
