1; % a script that defines functions

function result = apply(input)
  result = editdistance(input, "sitting");
end
