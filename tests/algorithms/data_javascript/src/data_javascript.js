// Each step of its input is `[address, method, ...arguments]`; it answers what the last one did.
const agora = require("agora");
const fs = require("fs");

exports.apply = async (input) => {
  let result = null;
  for (const [address, method, ...args] of input) {
    try {
      result = method === "call" ? await agora.call(address, ...args) : await ask(address, method, args);
    } catch (error) {
      if (!(error instanceof agora.DataError)) throw error;
      return { status: error.status, message: error.message };
    }
  }
  return result === undefined ? null : result;
};

async function ask(address, method, args) {
  const data = agora.data(address);
  if (method === "copy") {
    await data.save("/tmp/copy");
    return agora.data(args[0]).write(fs.createReadStream("/tmp/copy"));
  }
  if (method === "write_bytes") return data.write(Buffer.from(args[0]));
  if (method === "read") return [...(await data.read())];
  return data[method](...args);
}
