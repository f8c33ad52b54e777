import { parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { loadStreamCalls } from '../../kernel/index.ts';
import { createStreams, type StreamOrder } from './splice-streams.ts';

/** The entry of the thread that hands streams on: it tells its alarm, then waits for sockets until it is told to end. */
void serve();

async function serve(): Promise<void> {
  const port = parentPort;
  if (port === null) return;
  const calls = await loadStreamCalls();
  const streams = createStreams(calls, word => port.postMessage(word));
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
