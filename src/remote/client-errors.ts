import { cancelled, type ErrorKind, errnoOf, isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';

const kinds: Readonly<Record<number, ErrorKind>> = {
  304: 'not-modified',
  400: 'invalid-argument',
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  406: 'invalid-argument',
  409: 'conflict',
  501: 'not-implemented',
  503: 'unavailable',
};

/** What an engine elsewhere (or the way to it) answered with, in our words. */
export function clientError(
  error: unknown,
  { address, signal }: { readonly address: string; readonly signal?: AbortSignal | undefined },
): PlimsollError {
  if (isPlimsollError(error)) return error;
  if (signal?.aborted) return cancelled('the request');
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number') return answered(status, messageOf(error));
  const code = errnoOf(error);
  if (code === 'EACCES' || code === 'EPERM')
    return new PlimsollError('permission-denied', `you may not open "${address}"`, {
      code: 'ENGINE_FORBIDDEN',
      hint: 'become a member of the group that owns the socket, or use sudo',
      cause: error,
    });
  return new PlimsollError(
    'unavailable',
    `the engine at "${address}" does not answer: ${reasonOf(error, code)}`,
    {
      code: 'ENGINE_UNREACHABLE',
      hint: 'see that it runs, and that the address is right',
      cause: error,
    },
  );
}

function answered(status: number, message: string): PlimsollError {
  const text = cleanText(message.replace(/^\(HTTP code \d+\) (?:unexpected|true|[\w ]+) - /, '').trim(), {
    maxLength: 1000,
  });
  const sentence = text === '' ? `the engine answered with status ${status}` : text;
  // Podman's answer to a name that is taken, or to what is in use, is 500.
  const taken = isTaken(text);
  const kind = taken || /without force|is being used/.test(text) ? 'conflict' : (kinds[status] ?? 'internal');
  return new PlimsollError(kind, sentence, { code: taken ? 'NAME_IN_USE' : codeOf(status, text) });
}

function isTaken(text: string): boolean {
  return /name "?[^"]*"? is already in use|already in use by container/i.test(text);
}

/** The same code as our own engine has, where callers act on it. */
function codeOf(status: number, text: string): string {
  if (status === 404) {
    if (/no such image|there is no image|image not known|manifest unknown|unable to find image/i.test(text))
      return 'IMAGE_NOT_FOUND';
    if (/no such container|there is no container|no container with/i.test(text)) return 'CONTAINER_NOT_FOUND';
    if (/volume/i.test(text)) return 'VOLUME_NOT_FOUND';
    if (/network/i.test(text)) return 'NETWORK_NOT_FOUND';
    if (/could not find the file|no such file/i.test(text)) return 'PATH_NOT_FOUND';
  }
  if (/executable file.* not found|no such file or directory.*exec|command not found/i.test(text))
    return 'COMMAND_NOT_FOUND';
  return `HTTP_${status}`;
}

function reasonOf(error: unknown, code: string | undefined): string {
  if (code === 'ENOENT') return 'there is no socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'it broke the connection off';
  return cleanText(messageOf(error), { maxLength: 300 });
}
