import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openRouteSocket } from '../../../src/engine/kernel/index.ts';
import { addAddress, addDefaultRoute, getLink } from '../../../src/engine/network/netlink/link-requests.ts';
import {
  type Attribute,
  decodeReplies,
  encodeAttributes,
  encodeRequest,
  findAttribute,
} from '../../../src/engine/network/netlink/message.ts';
import { createRouteSocket } from '../../../src/engine/network/netlink/route-socket.ts';

test('attributes are found again, whatever lies beside them', () => {
  const attribute = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(fc.uniqueArray(attribute, { selector: ([number]) => number }), list => {
      const bytes = encodeAttributes(list);
      assert.equal(bytes.length % 4, 0);
      for (const [number, value] of list) assert.deepEqual(findAttribute(bytes, number), Buffer.from(value));
      assert.equal(findAttribute(bytes, 501), undefined);
    }),
  );
});

test('attributes and replies that were cut off are no reason to read beyond them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      decodeReplies(Buffer.from(bytes));
      findAttribute(Buffer.from(bytes), 1);
    }),
  );
});

// As `strace -e trace=network -x ip address add 10.1.2.3/24 broadcast + dev lo` shows them, but for the sequence.
test('a request has the bytes that ip(8) sends', () => {
  assert.equal(
    encodeRequest(addAddress(1, '10.1.2.3/24'), 7).toString('hex'),
    '3000000014000506070000000000000002180000' +
      '01000000' +
      '080002000a010203' +
      '080001000a010203' +
      '080004000a0102ff',
  );
  assert.equal(
    encodeRequest(addDefaultRoute('10.1.2.1'), 8).toString('hex'),
    '2400000018000506080000000000000002000000fe0300010000000008000500' + '0a010201',
  );
  assert.equal(
    encodeRequest(addDefaultRoute('10.1.2.1', 1400), 9).toString('hex'),
    '3000000018000506090000000000000002000000fe0300010000000008000500' +
      '0a010201' +
      '0c000800' + // RTA_METRICS
      '0800020078050000',
  );
});

test('names and numbers in attributes', () => {
  const nested: Attribute = [
    18,
    [
      [1, 'veth'],
      [4, 1500],
    ],
  ];
  assert.equal(
    encodeAttributes([nested]).toString('hex'),
    '18001200' + '09000100' + '7665746800000000' + '08000400dc050000',
  );
});

test('what the kernel refuses is an error in its words', async () => {
  using socket = createRouteSocket(await openRouteSocket());
  assert.ok(await socket.request(getLink('lo')));
  await assert.rejects(socket.request(getLink('plim-none')), {
    code: 'NETLINK_REFUSED',
    message: 'the kernel does not find the link "plim-none": ENODEV',
  });
  await assert.rejects(socket.request(addAddress(0x7fffffff, '10.1.2.3/24')), { code: 'NETLINK_REFUSED' });
});
