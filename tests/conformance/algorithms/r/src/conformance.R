load <- function() {
  if (file.exists("fail_load.txt")) stop("no model")
  list2env(list(count = 0))
}

apply <- function(input, state) {
  what <- if (is.list(input)) input[["do"]]
  if (is.null(what)) return(input)
  actions[[what]](input, state)
}

actions <- list(
  text = function(input, state) "tëxt 🍎",
  bytes = function(input, state) as.raw(c(0, 255, 10, 128)),
  count = function(input, state) {
    state$count <- state$count + 1
    state$count
  },
  raise = function(input, state) {
    stop(structure(class = c("deliberate", "error", "condition"), list(message = "deliberate 🍎", call = NULL)))
  },
  exit = function(input, state) quit(status = 3),
  loop = function(input, state) repeat NULL,
  stream = function(input, state) {
    number <- 0
    function() if (number < input$count) number <<- number + 1
  },
  shell = function(input, state) {
    system(input$command)
    "done"
  },
  print = function(input, state) {
    system("echo from a child")
    kibibyte <- strrep("x", 1023)
    for (line in seq_len(input$mebibytes)) writeLines(rep(kibibyte, 1024))
    "printed"
  },
  hog = function(input, state) {
    held <- list()
    repeat held[[length(held) + 1]] <- rep(1, 1e6)
  },
  spawn = function(input, state) for (number in 1:2000) system("sleep 60", wait = FALSE)
)
