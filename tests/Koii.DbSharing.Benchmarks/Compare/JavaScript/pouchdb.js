'use strict';

// pouchdb.js <folder> <file of entries> <number of sources> <held|empty>
//
// Databases of LevelDB that hold the entries, and one that replicates from them, in one process without HTTP. No
// signature is checked, and no write is flushed to the disk.
const fs = require('node:fs');
const path = require('node:path');
const PouchDB = require('pouchdb');
const { answer, digest } = require('./protocol');

// Each replication listens to the class. With more than ten of them Node.js would warn.
PouchDB.setMaxListeners(0);

const [folder, file, count, state] = process.argv.slice(2);
// The default is 100. This was the fastest of 100 to 5,000.
const batch = { batch_size: 2000 };

(async () => {
  const read = name => JSON.parse(fs.readFileSync(name, 'utf8')).map(({ key, value }) => ({ _id: key, ...value }));
  const open = name => new PouchDB(path.join(folder, name));

  async function put(database, documents) {
    for (let start = 0; start < documents.length; start += batch.batch_size) {
      const results = await database.bulkDocs(documents.slice(start, start + batch.batch_size));
      const failed = results.find(result => result.error);
      if (failed)
        throw new Error(`${failed.id}: ${failed.message}`);
    }
  }

  // All at once, which is faster than one after the other although the process has one thread.
  const replicate = () => Promise.all(sources.map(source => PouchDB.replicate(source, target, batch)));

  const documents = read(file);
  const sources = Array.from({ length: Number(count) }, (_, number) => open(`source-${number}`));
  const target = open('target');
  for (const source of sources)
    await put(source, documents);
  if (state === 'held') {
    // One after the other, so that only the first writes.
    for (const source of sources)
      await PouchDB.replicate(source, target, batch);
  }
  let lists = [];

  console.log('ready');
  await answer({
    share: async rounds => {
      for (let round = 0; round < Number(rounds); round++)
        await replicate();
      return { bytes: 0 };
    },
    change: async changes => {
      const changed = read(changes);
      for (const source of sources) {
        const { rows } = await source.allDocs({ keys: changed.map(document => document._id) });
        await put(source, changed.map((document, i) => ({ ...document, _rev: rows[i].value.rev })));
      }
      return {};
    },
    digest: async () => ({ digest: digest((await target.allDocs({ include_docs: true })).rows.map(row => row.doc)) }),
    list: async readers => {
      const reads = Array.from({ length: Number(readers) }, () => sources[0].allDocs({ include_docs: true }));
      lists = await Promise.all(reads);
      return {};
    },
    listed: async () => ({ digests: lists.map(list => digest(list.rows.map(row => row.doc))) }),
  });
})();
