// Calls and hosted data by the client that npm has. Key and address come from its own environment variables.
const algorithmia = require("algorithmia");

const client = algorithmia.client();
const name = "node_" + process.pid;

function pipe(reference, input) {
  return new Promise((resolve) => client.algo(reference).pipe(input).then(resolve));
}

/** What a function with a callback gives: all arguments of the callback. */
function given(start) {
  return new Promise((resolve) => start((...values) => resolve(values)));
}

function same(found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

const checks = {
  async json_text_and_binary() {
    for (const value of [null, 5, [1, { a: "ä" }], "text ä"]) same((await pipe("demo/echo_python", value)).get(), value);
    const answer = await pipe("demo/echo_python", Buffer.from([0, 255]));
    same(answer.metadata.content_type, "binary");
    same(answer.result, "AP8=");
  },
  async errors_of_the_algorithm() {
    const answer = await pipe("demo/adk_python", "fail");
    same(answer.error.message, "no greeting for fail");
  },
  async an_unknown_algorithm() {
    same(/not found/.test((await pipe("demo/no_such_algorithm", 1)).error.message), true);
  },
  async a_wrong_key() {
    const wrong = algorithmia.client("simwrong", process.env.ALGORITHMIA_API);
    const answer = await new Promise((resolve) => wrong.algo("demo/echo_python").pipe(1).then(resolve));
    same(typeof answer.error.message, "string");
  },
  async directories_and_files() {
    const directory = client.dir("data://.my/" + name);
    same(await given((back) => directory.exists(back)).then(([exists]) => exists), false);
    await given((back) => directory.create(back));
    const file = directory.file("note.txt");
    await given((back) => file.putString("text ä", back));
    same(await given((back) => file.exists(back)).then(([exists]) => exists), true);
    same((await given((back) => file.getString(back)))[0], "text ä");
    const value = directory.file("value.json");
    await given((back) => value.putJson('{"a":1}', back));
    same((await given((back) => value.getJson(back)))[0], { a: 1 });
    await given((back) => value.delete(back));
    const names = [];
    await new Promise((resolve) => directory.forEachFile((error, found) => names.push(found.basename())).then(resolve));
    same(names, ["note.txt"]);
    await given((back) => file.delete(back));
    same(await given((back) => file.exists(back)).then(([exists]) => exists), false);
    await given((back) => directory.delete(true, back));
  },
};

(async () => {
  for (const [check, run] of Object.entries(checks)) {
    try {
      await run();
      console.log("passed " + check);
    } catch (error) {
      console.log(`failed ${check}: ${String(error && error.message ? error.message : error).replace(/\s+/g, " ").slice(0, 300)}`);
    }
  }
})();
