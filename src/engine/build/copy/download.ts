import { createHash } from 'node:crypto';
import { createWriteStream, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cancelled, messageOf, PlimsollError } from '../../../errors.ts';

/**
 * Downloads a URL into a folder for ADD: mode 0600, mtime from Last-Modified, named as the answer or else the URL says.
 * With a checksum (`sha256:<hex>`) anything else is refused. Returns the file's name.
 */
export async function download(
  url: string,
  folder: string,
  options: { checksum?: string; signal?: AbortSignal },
): Promise<string> {
  const { checksum, signal } = options;
  const response = await ask(url, signal);
  const name = nameOf(url, response.headers.get('content-disposition'));
  const file = join(folder, name);
  const [algorithm = 'sha256', wanted] = checksum?.split(':') ?? [];
  const hash = createHash(algorithm);
  const tee = new Transform({
    transform: (chunk: Buffer, _, done) => {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const body = response.body === null ? Readable.from([]) : Readable.from(response.body);
  await pipeline(body, tee, createWriteStream(file, { mode: 0o600 }), { signal });
  const found = hash.digest('hex');
  if (wanted !== undefined && wanted !== found) {
    throw new PlimsollError('data-loss', `"${url}" has the checksum ${algorithm}:${found}`, {
      code: 'CHECKSUM_MISMATCH',
      hint: `the Dockerfile expects ${checksum}: find out which of the two is right`,
    });
  }
  const modified = Date.parse(response.headers.get('last-modified') ?? '') / 1000;
  if (Number.isFinite(modified)) utimesSync(file, modified, modified);
  return name;
}

async function ask(url: string, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted) throw cancelled('the download');
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new PlimsollError('unavailable', `"${url}" cannot be downloaded: ${messageOf(cause)}`, {
      code: 'DOWNLOAD_FAILED',
      hint: 'check the address and the network, then build again',
      cause: error,
    });
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new PlimsollError(
    'unavailable',
    `"${url}" cannot be downloaded: the server says ${response.status}`,
    {
      code: 'DOWNLOAD_FAILED',
      hint: 'check the address',
    },
  );
}

/** Only the last part of a name counts, so that no answer can choose a folder. */
function nameOf(url: string, disposition: string | null): string {
  const said = /filename="?([^";]+)"?/.exec(disposition ?? '')?.[1];
  const name = basename(said ?? decodeURIComponent(new URL(url).pathname));
  if (name !== '' && name !== '.' && name !== '..') return name;
  throw new PlimsollError('invalid-argument', `"${url}" ends with no file name`, {
    code: 'SOURCE_WITHOUT_NAME',
    hint: 'name the file in the destination, without "/" at its end',
  });
}
