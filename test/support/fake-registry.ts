import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { canonicalJson, type Descriptor, mediaTypes } from '../../src/oci/index.ts';

/** A request that the registry was asked, as tests look at it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Answers a request in place of the registry; false: the registry shall. */
export type Fault = (asked: Asked, answer: ServerResponse) => boolean | Promise<boolean>;

/** A registry in this process that keeps everything in memory and can be made to fail in any way. */
export interface FakeRegistry extends AsyncDisposable {
  readonly host: string;
  readonly asked: readonly Asked[];
  readonly blobs: Map<string, Buffer>;
  /** By `repository:tag` and `repository@digest`. */
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly mediaType: string }>;
  /** Asked before the registry answers, in order. */
  readonly faults: Fault[];
  addBlob(bytes: Buffer, mediaType: string): Descriptor;
  addManifest(repository: string, tag: string, manifest: object, mediaType?: string): Descriptor;
}

export async function startFakeRegistry(): Promise<FakeRegistry> {
  const asked: Asked[] = [];
  const blobs: FakeRegistry['blobs'] = new Map();
  const manifests: FakeRegistry['manifests'] = new Map();
  const faults: Fault[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request).catch(() => Buffer.alloc(0));
    const one: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
    };
    asked.push(one);
    for (const fault of faults) if (await fault(one, response)) return;
    serve(one, response, { blobs, manifests });
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    host: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    asked,
    blobs,
    manifests,
    faults,
    addBlob: (bytes, mediaType) => {
      const digest = sha256(bytes);
      blobs.set(digest, bytes);
      return { mediaType, digest, size: bytes.length };
    },
    addManifest: (repository, tag, manifest, mediaType = mediaTypes.manifest) => {
      const bytes = canonicalJson(manifest);
      const digest = sha256(bytes);
      for (const key of [`${repository}:${tag}`, `${repository}@${digest}`])
        manifests.set(key, { bytes, mediaType });
      return { mediaType, digest, size: bytes.length };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** Answers in the words of the distribution spec. */
export function refuse(
  answer: ServerResponse,
  status: number,
  code: string,
  message = code.toLowerCase(),
): true {
  answer.writeHead(status, { 'content-type': 'application/json' });
  answer.end(JSON.stringify({ errors: [{ code, message }] }));
  return true;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function serve(
  { method, path, headers, body }: Asked,
  answer: ServerResponse,
  { blobs, manifests }: Pick<FakeRegistry, 'blobs' | 'manifests'>,
): void {
  const [, repository = '', kind = '', rest = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(path) ?? [];
  if (path === '/v2/') answer.end('{}');
  else if (kind === 'manifests' && method === 'PUT') {
    putManifest(repository, rest, { headers, body, manifests }, answer);
  } else if (kind === 'manifests') {
    getManifest(manifests.get(`${repository}${rest.includes(':') ? '@' : ':'}${rest}`), answer);
  } else if (kind === 'tags') {
    const tags = [...manifests.keys()]
      .filter(key => key.startsWith(`${repository}:`))
      .map(key => key.slice(repository.length + 1));
    answer.end(JSON.stringify({ name: repository, tags }));
  } else if (kind === 'blobs' && rest.startsWith('uploads/')) upload(method, path, { body, blobs }, answer);
  else if (kind === 'blobs') getBlob(method, blobs.get(rest), headers.range, answer);
  else refuse(answer, 404, 'NAME_UNKNOWN');
}

function getManifest(found: { bytes: Buffer; mediaType: string } | undefined, answer: ServerResponse): void {
  if (found === undefined) return void refuse(answer, 404, 'MANIFEST_UNKNOWN');
  answer.writeHead(200, { 'content-type': found.mediaType, 'docker-content-digest': sha256(found.bytes) });
  answer.end(found.bytes);
}

function putManifest(
  repository: string,
  name: string,
  { headers, body, manifests }: Pick<Asked, 'headers' | 'body'> & Pick<FakeRegistry, 'manifests'>,
  answer: ServerResponse,
): void {
  const kept = { bytes: body, mediaType: headers['content-type'] ?? '' };
  manifests.set(`${repository}@${sha256(body)}`, kept);
  if (!name.includes(':')) manifests.set(`${repository}:${name}`, kept);
  answer.writeHead(201, { 'docker-content-digest': sha256(body) });
  answer.end();
}

function getBlob(
  method: string,
  bytes: Buffer | undefined,
  range: string | undefined,
  answer: ServerResponse,
): void {
  if (bytes === undefined) return void refuse(answer, 404, 'BLOB_UNKNOWN');
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const part = bytes.subarray(from);
  const partial =
    range === undefined ? {} : { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  answer.writeHead(range === undefined ? 200 : 206, { 'content-length': part.length, ...partial });
  answer.end(method === 'HEAD' ? undefined : part);
}

function upload(
  method: string,
  path: string,
  { body, blobs }: Pick<Asked, 'body'> & Pick<FakeRegistry, 'blobs'>,
  answer: ServerResponse,
): void {
  const url = new URL(path, 'http://registry');
  const mount = url.searchParams.get('mount');
  if (method === 'POST' && mount !== null && blobs.has(mount)) {
    answer.writeHead(201, { location: url.pathname });
    return void answer.end();
  }
  if (method === 'POST') {
    answer.writeHead(202, { location: `${url.pathname}session`, range: '0-0' });
    return void answer.end();
  }
  const digest = url.searchParams.get('digest') ?? '';
  if (method !== 'PUT' || sha256(body) !== digest) return void refuse(answer, 400, 'DIGEST_INVALID');
  blobs.set(digest, body);
  answer.writeHead(201);
  answer.end();
}
