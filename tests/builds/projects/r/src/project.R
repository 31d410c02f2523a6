library(R6, lib.loc = "vendor")

Counter <- R6Class("Counter", public = list(
  count = 0,
  add = function(by) {
    self$count <- self$count + by
    invisible(self)
  }
))

apply <- function(input) {
  Counter$new()$add(input)$add(input)$count
}
