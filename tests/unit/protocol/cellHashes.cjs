// A worker thread: hashes many images, each as the data of one cell, with TON's own library. It is apart because
// that library runs thirty times slower inside Jest's sandbox than outside.
const { parentPort, workerData } = require('node:worker_threads');
const { beginCell } = require('@ton/core');

const { images, size } = workerData;
const hashes = Buffer.alloc((images.length / size) * 32);
for (let at = 0, i = 0; at < images.length; at += size, i++) {
  const image = Buffer.from(images.buffer, images.byteOffset + at, size);
  hashes.set(beginCell().storeBuffer(image).endCell().hash(), i * 32);
}
parentPort.postMessage(hashes);
