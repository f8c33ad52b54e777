import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, type SecureContextOptions } from 'node:tls';
import { PlimsollError } from '../../../errors.ts';

/** How a host proves itself, and we to it. */
export type TlsOptions = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;

/**
 * The certificates for a host: the authorities that this machine trusts, and what stands for `host` in the folders
 * that docker and podman read (`FOLDER/host[:port]/`: `*.crt` authorities, `*.cert` with `*.key` our own certificate).
 */
export function tlsOptionsFor(host: string, folders: readonly string[]): TlsOptions {
  const found = folders.map(folder => join(folder, host)).filter(existsSync);
  const files = found.flatMap(folder =>
    readdirSync(folder)
      .sort()
      .map(name => join(folder, name)),
  );
  const own = files.filter(file => file.endsWith('.crt')).map(readCertificate);
  const pairs = files.filter(file => file.endsWith('.cert')).map(cert => pairOf(cert, files));
  return {
    ca: [...trustedAuthorities(), ...own],
    ...(pairs.length === 0 ? {} : { cert: pairs.map(pair => pair.cert), key: pairs.map(pair => pair.key) }),
  };
}

/** Where certificates of registries are kept: docker's, podman's and the user's own folder. */
export function certFolders(env: Readonly<Record<string, string | undefined>>): string[] {
  const config = env.XDG_CONFIG_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.config'));
  const own =
    config === undefined ? [] : [join(config, 'plimsoll/certs.d'), join(config, 'containers/certs.d')];
  return [...own, '/etc/plimsoll/certs.d', '/etc/docker/certs.d', '/etc/containers/certs.d'];
}

function pairOf(certFile: string, files: readonly string[]): { cert: string; key: string } {
  const keyFile = certFile.replace(/\.cert$/, '.key');
  if (files.includes(keyFile)) return { cert: readCertificate(certFile), key: readCertificate(keyFile) };
  throw new PlimsollError('invalid-argument', `the certificate "${certFile}" has no key beside it`, {
    code: 'BAD_CERTIFICATE',
    hint: `put its key into "${keyFile}"`,
  });
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PlimsollError('permission-denied', `the certificate "${file}" cannot be read`, {
      code: 'BAD_CERTIFICATE',
      hint: 'check its owner and mode',
      cause: error,
    });
  }
}

/** Bundles of distributions, as Go looks for them. Node's own way (`system`) takes half a second to parse them. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

let authorities: readonly string[] | undefined;

/** Node's own list (with NODE_EXTRA_CA_CERTS) and the system's, to which administrators add theirs. Read once. */
function trustedAuthorities(): readonly string[] {
  const bundle = [process.env.SSL_CERT_FILE, ...systemBundles].find(
    file => file !== undefined && existsSync(file),
  );
  authorities ??= [
    ...getCACertificates('default'),
    ...(bundle === undefined ? [] : [readCertificate(bundle)]),
  ];
  return authorities;
}
