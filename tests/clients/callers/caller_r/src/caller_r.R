apply <- function(input) {
  address <- strsplit(sub("http://", "", Sys.getenv("ALGORITHMIA_API")), ":")[[1]]
  connection <- socketConnection(address[1], as.integer(address[2]), open = "r+b", blocking = TRUE, timeout = 60)
  on.exit(close(connection))
  head <- c(
    "POST /v1/algo/demo/template_python?output=raw HTTP/1.0",
    "Content-Type: text/plain",
    paste("Content-Length:", nchar(input, "bytes"))
  )
  writeLines(c(head, "", input), connection, sep = "\r\n", useBytes = TRUE)
  lines <- readLines(connection, warn = FALSE)
  paste(lines[-seq_len(which(lines == "")[1])], collapse = "\n")
}
