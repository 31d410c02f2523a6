library(algorithmia)

load <- function() {
  "Hello"
}

algorithm <- function(input, greeting) {
  if (input == "fail") stop("no greeting for fail")
  paste(greeting, input)
}

algo <- getAlgorithmHandler(algorithm, load)
algo$serve()
