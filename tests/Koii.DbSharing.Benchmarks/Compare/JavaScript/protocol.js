'use strict';

const { createHash } = require('node:crypto');
const readline = require('node:readline');

// Answers each line of standard input, "name argument...", by one line of JSON. The end of the input ends the process.
exports.answer = async function (commands) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [name, ...rest] = line.split(' ');
    console.log(JSON.stringify(await commands[name](...rest)));
  }
  process.exit();
};

// A hash of a set of records, in any order. The signature covers the data. RecordDigest.cs computes the same.
exports.digest = records => {
  const lines = records.map(record => `${record.publicKey} ${record.signature}`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
};
