% Run at build: fails when the file that is named cannot be parsed. Runs nothing of it.
file = argv(){end};
try
  __parse_file__(file);
catch problem
  printf("%s: %s\n", file, problem.message);
  exit(1);
end_try_catch
