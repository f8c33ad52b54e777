import { parentPort } from 'node:worker_threads';
import { isPlimsollError, withContext } from '../../errors.ts';
import { type ThreadWord, type UnpackJob, unpackLayer } from './index.ts';

/** The entry of a thread that unpacks layers, one after the other, as it is told. */
parentPort?.on('message', (job: UnpackJob) => {
  void answer(job).then(word => parentPort?.postMessage(word));
});

async function answer(job: UnpackJob): Promise<ThreadWord> {
  try {
    return { done: await unpackLayer(job) };
  } catch (error) {
    const ours = isPlimsollError(error) ? error : withContext('unpacking a layer', error);
    return { failed: ours.toJSON() };
  }
}
