# JSON for the runner. jsonlite reads; the writer here keeps all digits of a number, and tells a list without names (an
# array) from one with names (an object). A vector of length 1 is one value, unless it is marked with I().

from_json <- function(text) jsonlite::parse_json(text, simplifyVector = FALSE)

to_json <- function(value) {
  if (is.null(value)) return("null")
  if (is.data.frame(value) || is.array(value)) return(table_json(value))
  if (inherits(value, c("factor", "Date", "POSIXt"))) value <- as.character(value)
  if (is.list(value) || is.pairlist(value)) return(list_json(value))
  if (!is.atomic(value)) stop("the result cannot be written as JSON: it holds a ", class(value)[1], call. = FALSE)
  vector_json(value)
}

table_json <- function(value) {
  jsonlite::toJSON(value, dataframe = "rows", auto_unbox = FALSE, digits = NA, na = "null", null = "null")
}

list_json <- function(value) {
  parts <- if (all_numbers(value)) atoms_json(unlist(value, use.names = FALSE)) else vapply(value, to_json, "")
  wrap_json(parts, names(value))
}

# A long list of single numbers, as arrays of numbers come in, is written at once.
all_numbers <- function(value) {
  length(value) > 20 && all(lengths(value) == 1L) && all(vapply(value, is.numeric, NA)) && !any(vapply(value, is.object, NA))
}

vector_json <- function(value) {
  parts <- atoms_json(as.vector(unclass(value)))
  if (length(value) == 1 && is.null(names(value)) && !inherits(value, "AsIs")) parts else wrap_json(parts, names(value))
}

wrap_json <- function(parts, names) {
  if (is.null(names)) return(paste0("[", paste(parts, collapse = ","), "]"))
  paste0("{", paste0(text_json(names), ":", parts, recycle0 = TRUE, collapse = ","), "}")
}

atoms_json <- function(values) {
  texts <- switch(typeof(values),
    character = text_json(values),
    logical = ifelse(values, "true", "false"),
    integer = as.character(values),
    double = number_json(values),
    stop("the result cannot be written as JSON: it holds a vector of type ", typeof(values), call. = FALSE)
  )
  texts[is.na(values)] <- "null"
  texts
}

number_json <- function(values) {
  if (any(is.infinite(values) | is.nan(values))) stop("the result holds NaN or infinity, which JSON cannot carry", call. = FALSE)
  texts <- sprintf("%.15g", values)
  lossy <- !is.na(values) & as.numeric(texts) != values
  texts[lossy] <- sprintf("%.17g", values[lossy])
  texts
}

text_json <- function(texts) {
  texts <- enc2utf8(texts)
  for (pair in list(c("\\", "\\\\"), c("\"", "\\\""), c("\n", "\\n"), c("\r", "\\r"), c("\t", "\\t"))) {
    texts <- gsub(pair[1], pair[2], texts, fixed = TRUE)
  }
  odd <- grep("[\001-\037]", texts)
  for (code in if (length(odd)) 1:31) {
    texts[odd] <- gsub(intToUtf8(code), sprintf("\\u%04x", code), texts[odd], fixed = TRUE)
  }
  paste0("\"", texts, "\"", recycle0 = TRUE)
}
