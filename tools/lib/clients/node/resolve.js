// Asks Node: reads lines "COUNT NAME", writes for each call its addresses.
//
// usage: node resolve.js lookup|resolve4

const dns = require("dns").promises;
const readline = require("readline");

const ways = {
  lookup: async (name) => (await dns.lookup(name, { all: true })).map((one) => one.address),
  resolve4: (name) => dns.resolve4(name),
};

async function main() {
  const addresses = ways[process.argv[2]];
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [calls, name] = line.split(" ");
    for (let left = Number(calls); left > 0; left--) {
      const text = await addresses(name).then((all) => all.join(" "), (error) => `error ${error}`);
      process.stdout.write(`${text}\n`);
    }
  }
}

main();
