# Run at build, where DESCRIPTION is: fails when a package that it imports is not installed. Installs nothing.
description <- read.dcf("DESCRIPTION")
fields <- intersect(c("Depends", "Imports"), colnames(description))
wanted <- trimws(sub("\\(.*", "", unlist(strsplit(description[1, fields], ","))))
missing <- setdiff(wanted[nzchar(wanted)], c("R", rownames(installed.packages())))
if (length(missing)) {
  cat("DESCRIPTION names packages that this platform does not have:", paste(missing, collapse = ", "), "\n")
  quit(status = 1)
}
