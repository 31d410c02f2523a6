# Answers calls to one R algorithm: one line of JSON in, one out, on the call channel (named pipes to it, which the
# manifest's command makes). Needs jsonlite.
#
# What the algorithm prints goes to the log pipe (descriptors 1 and 2).

agora_runner <- local({
  here <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
  source(file.path(dirname(here), "json.R"), local = TRUE)
  loadNamespace("jsonlite")
  options(keep.source = TRUE, warn = 1, scipen = 0)

  main <- function() {
    # e: closed in children, who shall not write answers
    requests <- suppressWarnings(file(file.path(CHANNEL, "requests"), "re"))
    responses <<- suppressWarnings(file(file.path(CHANNEL, "responses"), "we"))
    unlink(file.path(CHANNEL, c("requests", "responses")))
    send("{\"ready\":{\"protocol\":1}}")
    line <- readLines(requests, n = 1, encoding = "UTF-8")
    if (length(line)) serve(requests, load_and_report(from_json(line)$load))
  }

  CHANNEL <- "/tmp/.channel"
  responses <- NULL

  send <- function(line) {
    writeLines(line, responses, useBytes = TRUE)
    flush(responses)
  }

  # Loads the version and reports; ends the process when it cannot be loaded.
  load_and_report <- function(order) {
    started <- proc.time()[["elapsed"]]
    loaded <- attempt(load_version(order))
    if (!is.null(loaded$error)) {
      send(loaded$error)
      close(responses)
      while (file.exists(CHANNEL)) Sys.sleep(0.002) # until all is sent
      quit(status = 1)
    }
    send(sprintf("{\"loaded\":{\"duration_us\":%.0f}}", 1e6 * (proc.time()[["elapsed"]] - started)))
    loaded$value
  }

  # Runs the entry and its load, and returns a function of one argument.
  load_version <- function(order) {
    if (length(order$environment_variables)) do.call(Sys.setenv, order$environment_variables)
    setwd(order$directory)
    algorithm <- new.env(parent = globalenv())
    handler <- offer_handler(algorithm)
    source(file.path(order$directory, order$entry), local = algorithm, keep.source = TRUE, encoding = "UTF-8")
    if (!is.null(handler$apply)) return(with_state(handler$apply, handler$load))
    apply <- take(algorithm, "apply")
    if (is.null(apply)) apply <- take(algorithm, "algorithm")
    if (is.null(apply)) stop(order$entry, " has no function called apply", call. = FALSE)
    with_state(apply, take(algorithm, "load"))
  }

  with_state <- function(apply, load) {
    state <- if (!is.null(load)) load()
    if (length(formals(apply)) >= 2) function(input) apply(input, state) else apply
  }

  # What Algorithmia's package has for authors: getAlgorithmHandler(apply, load)$serve(). The package's own would read
  # standard input; library(algorithmia) finds it attached where it is not installed.
  offer_handler <- function(algorithm) {
    handler <- new.env()
    algorithm$getAlgorithmHandler <- function(applyfunc, onLoadMethod = NULL, pipe = "stdin") {
      list(serve = function() {
        handler$apply <- applyfunc
        handler$load <- onLoadMethod
      })
    }
    if (!nzchar(system.file(package = "algorithmia"))) attach(NULL, name = "package:algorithmia")
    handler
  }

  # A function of the algorithm's. Its name goes: in the algorithm, apply and load are what R calls so.
  take <- function(algorithm, name) {
    if (!exists(name, algorithm, mode = "function", inherits = FALSE)) return(NULL)
    found <- get(name, algorithm, mode = "function", inherits = FALSE)
    rm(list = name, envir = algorithm)
    found
  }

  serve <- function(requests, apply) {
    force(apply) # now, not at the first call: arguments are lazy
    while (length(line <- readLines(requests, n = 1, encoding = "UTF-8"))) {
      id <- NULL
      answer <- attempt({
        request <- from_json(line)
        id <- request$id
        result <- apply(input_of(request))
        if (is.function(result)) send_chunks(result) else result_line(result)
      })
      text <- if (is.null(answer$error)) answer$value else answer$error
      send(if (is.null(id)) text else paste0(substr(text, 1, nchar(text) - 1), ",\"id\":", to_json(id), "}"))
    }
  }

  # Sends what a function answers, until that is NULL, and returns the last line.
  send_chunks <- function(produce) {
    sent <- FALSE
    while (!is.null(chunk <- produce())) {
      send(result_line(chunk, "chunk"))
      sent <- TRUE
    }
    result_line(if (!sent) list())
  }

  input_of <- function(request) {
    if (request$content_type == "binary") jsonlite::base64_dec(request$data) else request$data
  }

  result_line <- function(result, key = "result") {
    if (is.raw(result)) {
      return(paste0("{\"", key, "\":\"", base64(result), "\",\"metadata\":{\"content_type\":\"binary\"}}"))
    }
    kind <- if (is.character(result) && length(result) == 1 && !inherits(result, "AsIs")) "text" else "json"
    paste0("{\"", key, "\":", to_json(result), ",\"metadata\":{\"content_type\":\"", kind, "\"}}")
  }

  base64 <- function(bytes) if (length(bytes)) gsub("\n", "", jsonlite::base64_enc(bytes), fixed = TRUE) else ""

  # The value, or one error line: the message, the type, and the author's calls only.
  attempt <- function(expression) {
    trace <- NULL
    note_calls <- function(condition) trace <<- trace_of(condition, sys.calls())
    tryCatch(
      list(value = withCallingHandlers(expression, error = note_calls)),
      error = function(condition) list(error = error_line(condition, trace))
    )
  }

  error_line <- function(condition, trace) {
    kind <- if (is.character(condition$error_type)) condition$error_type else class(condition)[1]
    body <- list(message = conditionMessage(condition), stacktrace = trace, error_type = kind)
    paste0("{\"error\":", to_json(body), "}")
  }

  trace_of <- function(condition, calls) {
    places <- vapply(calls, function(call) place_of(attr(call, "srcref")), "")
    texts <- vapply(calls, function(call) substr(paste(deparse(call, nlines = 1)), 1, 100)[1], "")
    ours <- grepl("runner.R:", places, fixed = TRUE) | !nzchar(places)
    frames <- paste0("  ", places[!ours], ": ", texts[!ours], recycle0 = TRUE)
    paste(c(paste0("Error: ", conditionMessage(condition)), frames), collapse = "\n")
  }

  place_of <- function(reference) {
    if (is.null(reference)) return("")
    paste0(attr(reference, "srcfile")$filename, ":", reference[1])
  }

  main
})

agora_runner()
