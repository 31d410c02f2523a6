1; % a script that defines functions

function result = apply(input)
  addpath("vendor");
  result = editdistance(input, "sitting");
end
