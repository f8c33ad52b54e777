import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { readPackets } from '../../../src/engine/container/read-packets.ts';
import type { OutputPiece } from '../../../src/engine/container/types.ts';

const [out, err] = [2, 3] as const;

/** A monitor that has sent these packets: each read takes one, whoever reads. Node's end reads ahead while it is paused. */
function monitor(packets: Buffer[]) {
  const [socket, ahead, state] = [new EventEmitter(), [] as Buffer[], { paused: true }];
  const turn = () => {
    if (state.paused) return;
    const packet = ahead.shift() ?? packets.shift();
    if (packet === undefined) return socket.emit('end');
    socket.emit('data', packet);
    setImmediate(turn);
  };
  Object.defineProperties(socket, {
    destroyed: { value: false },
    readableLength: { get: () => Buffer.concat(ahead).length },
    pause: {
      value: () => {
        state.paused = true;
        ahead.push(...packets.splice(0, 2));
      },
    },
    resume: {
      value: () => {
        if (state.paused) setImmediate(turn);
        state.paused = false;
      },
    },
  });
  const receive = (into: Uint8Array) => {
    const packet = packets.shift();
    if (packet !== undefined) into.set(packet);
    return packet?.length ?? -1;
  };
  return { socket: socket as Socket, state, receive };
}

function packet(stream: 2 | 3, length: number, content: string): Buffer {
  return Buffer.concat([Buffer.of(stream), Buffer.alloc(length, content)]);
}

const sizes = (pieces: readonly OutputPiece[]) => pieces.map(({ stream, data }) => [stream, data.length]);

test('packets that wait behind a large one are one piece for as long as the stream is the same', async () => {
  const sent = [
    packet(out, 8192, 'a'),
    packet(out, 8192, 'b'),
    packet(err, 8192, 'c'),
    packet(err, 3, 'd'),
    packet(out, 5, 'e'),
  ];
  const { socket, receive } = monitor([...sent]);
  const pieces = await Array.fromAsync(readPackets(socket, receive));
  assert.deepEqual(sizes(pieces), [
    ['stdout', 16_384],
    ['stderr', 8195],
    ['stdout', 5],
  ]);
  const all = Buffer.concat(pieces.map(({ data }) => data));
  assert.deepEqual(all, Buffer.concat(sent.map(each => each.subarray(1))));
});

test('small packets are given on as they come', async () => {
  const { socket, receive } = monitor([packet(out, 2, 'a'), packet(out, 2, 'b')]);
  const pieces: OutputPiece[] = [];
  for await (const piece of readPackets(socket, receive)) pieces.push(piece);
  assert.equal(Buffer.concat(pieces.map(({ data }) => data)).toString(), 'aabb');
});

test('what is released is written over, what is not stays as it was', async () => {
  const many = () =>
    Array.from({ length: 400 }, (_, i) => packet(out, 8192, String.fromCharCode(65 + (i % 26))));
  const expected = Buffer.concat(many().map(each => each.subarray(1)));
  for (const releases of [true, false]) {
    const { socket, receive } = monitor(many());
    const memory = new Set<ArrayBufferLike>();
    const read: Buffer[] = [];
    for await (const { data, release } of readPackets(socket, receive)) {
      memory.add(data.buffer);
      read.push(releases ? Buffer.from(data) : data);
      if (releases) release?.();
    }
    assert.deepEqual(Buffer.concat(read), expected);
    assert.ok(releases ? memory.size <= 3 : memory.size > 10, `${memory.size} pieces of memory`);
  }
});

test('no more is read than may wait', async () => {
  const packets = Array.from({ length: 400 }, () => packet(out, 8192, 'a'));
  const { socket, state, receive } = monitor(packets);
  const pieces = readPackets(socket, receive);
  const { value } = await pieces.next();
  assert.ok(value !== undefined && value.data.length >= 8192);
  while (!state.paused) await new Promise(resolve => setImmediate(resolve));
  assert.ok(packets.length > 300, `${packets.length} are left`);
});
