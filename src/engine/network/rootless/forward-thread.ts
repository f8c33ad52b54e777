import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { foreignAddresses, loadStreamCalls } from '../../kernel/index.ts';
import { createStreams, type StreamOptions, type StreamOrder } from './splice-streams.ts';

/** The entry of the thread that hands streams on: it tells its alarm, then waits for sockets until it is told to end. */
void serve();

async function serve(): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const calls = await loadStreamCalls();
  const { answersComeBack } = workerData as StreamOptions;
  const keepsAddress = foreignAddresses('plb', answersComeBack);
  const streams = createStreams(calls, word => port.postMessage(word), keepsAddress);
  port.postMessage(streams.alarm);
  for (;;) {
    streams.turn();
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const order = next.message as StreamOrder;
      if ('end' in order) return streams.end();
      if ('close' in order) streams.close(order.close);
      else streams.open(order);
    }
  }
}
