const slugify = require("slugify");

exports.apply = (input) => slugify(input, { lower: true });
