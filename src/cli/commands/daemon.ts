import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import { readTls } from '../../contexts/index.ts';
import type { ApiOptions, Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';

interface Options {
  readonly host?: string;
  readonly group?: string;
  readonly tlsverify?: true;
  readonly tlscacert?: string;
  readonly tlscert?: string;
  readonly tlskey?: string;
  readonly authz?: string;
  readonly auditLog?: string;
}

/** `daemon [-H ADDRESS] [--tlsverify ...] [--authz FILE] [--audit-log FILE]` */
export function configureDaemon(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll daemon',
    'plimsoll daemon -H unix:///run/plimsoll.sock & docker -H unix:///run/plimsoll.sock ps',
    'plimsoll daemon -H tcp://0.0.0.0:2376 --tlsverify --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem',
  )
    .option(
      '-H, --host <address>',
      'Where to listen: unix:///PATH (default: below the run folder), tcp://HOST:PORT, fd:// for a socket unit',
    )
    .option('-G, --group <group>', 'Group that may open the socket (default: plimsoll, where there is one)')
    .option('--tlsverify', 'Over TCP: clients need a certificate; without it TCP is served on loopback alone')
    .option('--tlscacert <file>', 'The authority that signs certificates of clients')
    .option('--tlscert <file>', 'The certificate of the daemon')
    .option('--tlskey <file>', 'Its key')
    .option('--authz <file>', 'What clients may not ask for: {"forbid": ["bind-mounts", "privileged", ...]}')
    .option('--audit-log <file>', 'Write down who did what, a JSON line each')
    .action(async ({ host, group, authz, auditLog, ...tls }: Options) => {
      const { runDir } = await cli.root();
      const certificates = readCertificates(tls);
      await cli.serveApi(() => cli.ownEngine(), {
        host: host ?? `unix://${join(runDir, 'docker.sock')}`,
        tls: certificates,
        group,
        policy: authz === undefined ? undefined : resolve(cli.cwd, authz),
        audit: auditLog === undefined ? undefined : resolve(cli.cwd, auditLog),
        version: manifest.version,
        signal: cli.signal,
        onReady: address => cli.stderr.write(`Docker API on ${address}\n`),
      });
    });
}

function readCertificates({ tlsverify, tlscacert, tlscert, tlskey }: Options): ApiOptions['tls'] {
  const given = [tlscacert, tlscert, tlskey];
  if (!tlsverify && given.every(file => file === undefined)) return undefined;
  if (tlscacert === undefined || tlscert === undefined || tlskey === undefined)
    throw badOption(
      'certificates are of the daemon and of its clients, both',
      'give --tlscacert, --tlscert and --tlskey together',
    );
  const { ca, cert, key } = readTls({ tlsCaCert: tlscacert, tlsCert: tlscert, tlsKey: tlskey }, {}) ?? {};
  if (ca === undefined || cert === undefined || key === undefined) return undefined;
  return { ca, cert, key };
}
