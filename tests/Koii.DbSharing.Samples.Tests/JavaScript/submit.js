// A front end that registers a linktree: node submit.js <base> <seedByte>. It posts the record twice and compares the message to the letter.
'use strict';
const { sign, profile } = require('./linktrees.js');

async function post(base, record) {
  const response = await fetch(base, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ payload: record }) });
  const answer = await response.json();
  return { status: response.status, registered: answer.message === 'Proof and linktree registered successfully', error: typeof answer.error };
}

async function main() {
  const [base, seedByte] = process.argv.slice(2);
  const record = sign(profile(Number(seedByte), 1703802587522), Number(seedByte));
  const older = sign(profile(Number(seedByte), 1703802587521), Number(seedByte));
  const forged = { ...record, data: { ...record.data, timestamp: 1703802587523 } };
  console.log(JSON.stringify({ first: await post(base, record), again: await post(base, record), older: await post(base, older), forged: await post(base, forged) }));
}

main();
