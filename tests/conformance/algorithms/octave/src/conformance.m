1;

function state = load()
  if exist("fail_load.txt", "file")
    error("no model");
  end
  state = containers.Map({"count"}, {0});
end

function result = apply(input, state)
  result = input;
  if ! isa(input, "containers.Map") || ! input.isKey("do") % `do` can be no field of a struct
    return;
  end
  switch input("do")
    case "text"
      result = "tëxt 🍎";
    case "bytes"
      result = uint8([0, 255, 10, 128]);
    case "count"
      state("count") += 1;
      result = state("count");
    case "raise"
      error("conformance:deliberate", "deliberate 🍎");
    case "exit"
      exit(3);
    case "loop"
      while true
      end
    case "print"
      result = print_much(input("mebibytes"));
    case "shell"
      system(input("command"));
      result = "done";
    case "hog"
      result = hog();
    otherwise
      for number = 1:2000
        system("sleep 60", false, "async");
      end
  end
end

function result = print_much(mebibytes)
  system("echo from a child");
  kibibyte = [repmat("x", 1, 1023), "\n"];
  for number = 1:mebibytes
    fputs(stdout, repmat(kibibyte, 1, 1024));
  end
  result = "printed";
end

function result = hog()
  held = {};
  while true
    held{end + 1} = rand(1024);
  end
end
