import { connect, createServer, type Socket } from 'node:net';

/** Passes connections on to a port of loopback, and cuts them when told. */
export interface CuttingProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Cuts the connection that carries the next `bytes` bytes in that direction, again and again `times` times. */
  cut(direction: 'down' | 'up', bytes: number, times: number): void;
  /** How many were cut. */
  cuts(): number;
}

export async function cuttingProxy(port: number): Promise<CuttingProxy> {
  const order = { direction: 'down' as 'down' | 'up', bytes: 0, times: 0 };
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1');
    const both = [client, upstream];
    const counts = { down: 0, up: 0 };
    const pass = (from: Socket, to: Socket, direction: 'down' | 'up') => {
      from.on('data', (chunk: Buffer) => {
        counts[direction] += chunk.length;
        if (order.times > 0 && order.direction === direction && counts[direction] > order.bytes) {
          order.times--;
          cuts++;
          for (const socket of both) socket.resetAndDestroy();
          return;
        }
        if (!to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    };
    pass(client, upstream, 'up');
    pass(upstream, client, 'down');
    for (const socket of both) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    cut: (direction, bytes, times) => Object.assign(order, { direction, bytes, times }),
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
