'use strict';

// original-puller.js <service URL> <database file> [<file of entries that it holds>]
//
// The data sharing of the task documentation, written from its description. The printed code does not work. This code
// does what it plainly means:
// - The callback of its search lacks "return" and reads "uuid" beside the data instead of in it, so that it never finds
//   a record. Here it finds it.
// - A newer record is pushed beside the older one. The text says that the local copy is updated. Here it is replaced.
// - Its list is an array in memory that is not written back. The text speaks of entries in the database. Here they are
//   written.
// - Its list of the database may be the text "[]", which has no find(). Here it is an array.
const fs = require('node:fs');
const nacl = require('tweetnacl');
const bs58 = require('bs58');
const { openStore } = require('./original-store');
const { answer, digest } = require('./protocol');

const taskId = 'benchmark';
const [serviceUrl, database, held] = process.argv.slice(2);

(async () => {
  const store = await openStore(database);
  if (held)
    await store.insertAll(JSON.parse(fs.readFileSync(held, 'utf8')));
  let bytes = 0;

  async function get(url) {
    const response = await fetch(url);
    if (!response.ok)
      throw new Error(`${url} answered ${response.status}`);
    const text = await response.text();
    bytes += Buffer.byteLength(text);
    return JSON.parse(text);
  }

  async function share() {
    const nodes = await get(`${serviceUrl}/nodes/${taskId}`);
    const all = await store.getAllLinktrees();
    for (const { data: { url } } of nodes) {
      const payload = await get(`${url}/task/${taskId}/linktree/all`);
      for (const { key, value } of payload) {
        const isVerified = nacl.sign.detached.verify(
          new TextEncoder().encode(JSON.stringify(value.data)),
          bs58.decode(value.signature),
          bs58.decode(value.publicKey));
        if (!isVerified) {
          console.warn(`${url} is not able to verify the signature`);
          continue;
        }
        const local = all.find(entry => entry.value.data.uuid === value.data.uuid);
        if (!local) {
          all.push({ key, value });
          await store.insert({ key, value });
        } else if (local.value.data.timestamp < value.data.timestamp) {
          local.value = value;
          await store.replace({ key, value });
        }
      }
    }
  }

  console.log('ready');
  await answer({
    share: async rounds => {
      bytes = 0;
      for (let round = 0; round < Number(rounds); round++)
        await share();
      return { bytes };
    },
    digest: async () => ({ digest: digest((await store.getAllLinktrees()).map(entry => entry.value)) }),
  });
})();
