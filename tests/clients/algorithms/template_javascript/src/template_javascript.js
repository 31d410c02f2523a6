exports.apply = function(input, cb) {
  if (input === "fail") return cb("no greeting for fail");
  setTimeout(function() { cb(null, "Hello " + input); }, 1);
};
