/**
 * Messages of rtnetlink(7): a header, a fixed part that says what it is about, and attributes, which may hold others.
 * Numbers are in the machine's own byte order (little on every machine that Node runs plimsoll on), addresses in the
 * network's.
 */
export interface NetlinkRequest {
  /** RTM_*. */
  readonly type: number;
  /** NLM_F_* beside REQUEST and ACK. */
  readonly flags?: number;
  /** struct ifinfomsg, ifaddrmsg or rtmsg. */
  readonly fixed: Uint8Array;
  readonly attributes: readonly Attribute[];
  /** What is being done, for a message about its failure: `add the link "eth0"`. */
  readonly purpose: string;
}

/** A number, and its value: bytes, a name, an unsigned number of 32 bits, or attributes. */
export type Attribute = readonly [number, Uint8Array | string | number | readonly Attribute[]];

/** What the kernel answers: an error number (0 is success) with its words, or an object. */
export type NetlinkReply =
  | { readonly kind: 'done'; readonly sequence: number; readonly errno: number; readonly words: string }
  | { readonly kind: 'object'; readonly sequence: number; readonly type: number; readonly body: Buffer };

const NLM_F = { request: 1, ack: 4, ackTlvs: 0x200 } as const;
const NLMSG_ERROR = 2;
const NLMSGERR_ATTR_MSG = 1;
const headerSize = 16;

/** The bytes of a request. */
export function encodeRequest(request: NetlinkRequest, sequence: number): Buffer {
  const body = Buffer.concat([aligned(request.fixed), encodeAttributes(request.attributes)]);
  const header = Buffer.alloc(headerSize);
  header.writeUInt32LE(headerSize + body.length, 0);
  header.writeUInt16LE(request.type, 4);
  header.writeUInt16LE(NLM_F.request | NLM_F.ack | (request.flags ?? 0), 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

/** The messages in what was read from a socket. */
export function decodeReplies(bytes: Buffer): NetlinkReply[] {
  const replies: NetlinkReply[] = [];
  for (let at = 0; at + headerSize <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    if (length < headerSize || at + length > bytes.length) break;
    replies.push(decodeReply(bytes.subarray(at, at + length)));
    at += (length + 3) & ~3;
  }
  return replies;
}

function decodeReply(message: Buffer): NetlinkReply {
  const type = message.readUInt16LE(4);
  const sequence = message.readUInt32LE(8);
  const body = message.subarray(headerSize);
  if (type !== NLMSG_ERROR || body.length < 4 + headerSize) return { kind: 'object', sequence, type, body };
  return { kind: 'done', sequence, errno: -body.readInt32LE(0), words: wordsOf(message) };
}

/** The kernel's own words about an error, after the copy of the request; linux/netlink.h, NETLINK_EXT_ACK. */
function wordsOf(message: Buffer): string {
  if ((message.readUInt16LE(6) & NLM_F.ackTlvs) === 0) return '';
  const copied = message.readUInt32LE(headerSize + 4);
  const words = findAttribute(message.subarray(headerSize + 4 + ((copied + 3) & ~3)), NLMSGERR_ATTR_MSG);
  return words?.toString('latin1').replace(/\0.*$/s, '') ?? '';
}

/** The value of the first attribute of a number, if there is one. */
export function findAttribute(attributes: Buffer, wanted: number): Buffer | undefined {
  for (let at = 0; at + 4 <= attributes.length; ) {
    const length = attributes.readUInt16LE(at);
    if (length < 4 || at + length > attributes.length) return undefined;
    if ((attributes.readUInt16LE(at + 2) & 0x3fff) === wanted)
      return attributes.subarray(at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** The bytes of attributes, one after the other. */
export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(attributes.map(encodeAttribute));
}

function encodeAttribute([number, value]: Attribute): Buffer {
  const bytes = encodeValue(value);
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + bytes.length, 0);
  header.writeUInt16LE(number, 2);
  return aligned(Buffer.concat([header, bytes]));
}

function encodeValue(value: Attribute[1]): Uint8Array {
  if (typeof value === 'string') return Buffer.from(`${value}\0`);
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'number') return encodeAttributes(value);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function aligned(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
