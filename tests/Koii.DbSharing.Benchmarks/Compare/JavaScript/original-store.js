'use strict';

// The database of a node. The document names none: its code calls db.getAllLinktrees(). Nodes of the network use
// LevelDB or NeDB. This is NeDB, by the fork that is maintained. NeDB holds all documents in memory; with a file it also
// appends each write to the file, without a flush to the disk.
const Datastore = require('@seald-io/nedb');

exports.openStore = async function (filename) {
  const store = new Datastore(filename ? { filename, autoload: true } : {});
  // Favors the original: without the index each replacement would search the whole collection.
  await store.ensureIndexAsync({ fieldName: 'key', unique: true });
  return {
    insertAll: entries => store.insertAsync(entries),
    insert: entry => store.insertAsync(entry),
    replace: entry => store.updateAsync({ key: entry.key }, { $set: { value: entry.value } }),
    getAllLinktrees: async () => (await store.findAsync({})).map(({ key, value }) => ({ key, value })),
  };
};
