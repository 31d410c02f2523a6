const algorithmia = require("algorithmia");

exports.apply = (input) =>
  new Promise((resolve, reject) => {
    algorithmia.client().algo("demo/template_python").pipe(input).then((answer) => {
      if (answer.error) reject(new Error(answer.error.message));
      else resolve(answer.get());
    });
  });
