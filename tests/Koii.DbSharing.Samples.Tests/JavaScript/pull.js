// A JavaScript node that pulls: node pull.js <base>. It checks every record as such a node does and prints what it found as one JSON object.
'use strict';
const { verify } = require('./linktrees.js');

async function main() {
  const base = process.argv[2];
  const all = await (await fetch(`${base}/all`)).json();
  const list = await (await fetch(`${base}/list`)).json();
  const newest = await (await fetch(`${base}/get/${all[0].value.publicKey}`)).json();
  console.log(JSON.stringify({
    all: all.length,
    verified: all.filter((entry) => verify(entry.value)).length,
    keyed: all.filter((entry) => entry.key === `linktree:${entry.value.publicKey}`).length,
    sameInList: list.filter((record, i) => JSON.stringify(record) === JSON.stringify(all[i].value)).length,
    newestVerified: verify(newest),
  }));
}

main();
