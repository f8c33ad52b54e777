import { errnoOf, PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Endpoint } from './endpoint.ts';

type SshEndpoint = Extract<Endpoint, { kind: 'ssh' }>;

/** What ssh(1) says when it fails, why that is, and what helps. The first that fits counts. */
const known: readonly (readonly [said: RegExp, why: string, hint: string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    'its host key is another than the known one',
    "if it was set up anew: 'ssh-keygen -R HOST', then 'ssh TARGET' once; else somebody may be listening",
  ],
  [
    /Host key verification failed/,
    'its host key is not known here',
    "'ssh TARGET' once shows the key, and remembers it",
  ],
  [
    /Permission denied|Too many authentication failures/,
    'it takes none of your keys',
    "'ssh-copy-id TARGET' takes your key there; ~/.ssh/config says which key is for which host",
  ],
  [
    /Could not resolve hostname/,
    'nobody knows a host of that name',
    'see the name, and ~/.ssh/config for short ones',
  ],
  [/Connection refused/, 'no sshd listens there', "start it there, or name its port: 'ssh://USER@HOST:PORT'"],
  [
    /timed out|No route to host|Network is unreachable|not responding/,
    'the host does not answer',
    'see that it is up, and that the network leads there',
  ],
  [
    /Connection (closed|reset)|Broken pipe|closed by remote host/,
    'the connection broke off',
    "see 'ssh -v TARGET'",
  ],
];

/** Why a connection of ssh failed, from what it printed (`complaint`), or from why it could not be started. */
export function sshFailure({ target }: SshEndpoint, complaint: string, cause?: unknown): PlimsollError {
  if (errnoOf(cause) === 'ENOENT')
    return new PlimsollError('unavailable', 'there is no ssh on this machine', {
      code: 'SSH_FAILED',
      hint: 'install openssh-client',
      cause,
    });
  const [, why, hint] = known.find(([said]) => said.test(complaint)) ?? [];
  const last = cleanText(complaint.trim().split('\n').at(-1) ?? '', { maxLength: 300 }).trim();
  const reason = why ?? (last === '' ? 'the connection ended' : last);
  const host = target.replace(/^.*@/, '');
  return new PlimsollError('unavailable', `ssh to "${target}" failed: ${reason}`, {
    code: 'SSH_FAILED',
    hint: (hint ?? "see that 'ssh TARGET' works").replace('TARGET', target).replace('HOST', host),
    cause,
  });
}
