import { errnoOf, isPlimsollError, messageOf } from '../../../errors.ts';
import { cleanText } from '../../../lib/clean-text.ts';
import { RegistryError } from '../registry-error.ts';

/**
 * What kept a request from being answered, in words; an error that is ours already is passed on. `proxy`: it is not the
 * host that could not be reached, but the proxy on the way.
 */
export function connectionError(error: unknown, host: string, proxy?: string): Error {
  if (isPlimsollError(error)) return error;
  const code = errnoOf(error) ?? '';
  if (unreachable[code] !== undefined && proxy !== undefined) return noProxyError(host, proxy, error);
  if (unreachable[code] !== undefined) return unreachableError(host, unreachable[code], error);
  if (code.startsWith('CERT_') || untrusted.has(code)) return untrustedError(host, error);
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return noTlsError(host, error);
  if (code === 'ERR_PROXY_TUNNEL' || code.startsWith('ERR_PROXY')) {
    return unreachableError(
      host,
      `the proxy refuses (${cleanText(messageOf(error), { maxLength: 200 })})`,
      error,
    );
  }
  return new RegistryError('unavailable', `the connection to ${host} broke off (${said(error, code)})`, {
    code: 'REGISTRY_CONNECTION_LOST',
    hint: 'check the network, and try again',
    temporary: true,
    cause: error,
  });
}

/** The error for a registry that keeps silent for too long. */
export function silentError(host: string, ms: number): RegistryError {
  return new RegistryError('deadline', `${host} has sent nothing for ${Math.round(ms / 1000)} seconds`, {
    code: 'REGISTRY_SILENT',
    hint: 'check the network, and try again',
    temporary: true,
  });
}

/** The error for a host that takes no connection in time. */
export function connectTimeout(host: string, ms: number): RegistryError {
  return unreachableError(host, `it does not answer within ${Math.round(ms / 1000)} seconds`, undefined);
}

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up',
  EAI_FAIL: 'its name cannot be looked up',
  ECONNREFUSED: 'it refuses connections',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  EADDRNOTAVAIL: 'there is no network',
  ETIMEDOUT: 'it does not answer',
};

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

function unreachableError(host: string, why: string, cause: unknown): RegistryError {
  return new RegistryError('unavailable', `${host} cannot be reached: ${why}`, {
    code: 'REGISTRY_UNREACHABLE',
    hint: 'check the network and the name of the registry',
    cause,
  });
}

function noProxyError(host: string, proxy: string, error: unknown): RegistryError {
  const why = unreachable[errnoOf(error) ?? ''] ?? '';
  return new RegistryError(
    'unavailable',
    `the proxy ${proxy} on the way to ${host} cannot be reached: ${why}`,
    {
      code: 'PROXY_UNREACHABLE',
      hint: 'check HTTP_PROXY and HTTPS_PROXY, or name the registry in NO_PROXY',
      cause: error,
    },
  );
}

function untrustedError(host: string, error: unknown): RegistryError {
  return new RegistryError('unavailable', `the certificate of ${host} is not trusted (${said(error, '')})`, {
    code: 'REGISTRY_UNTRUSTED',
    hint: `put the certificate of its authority into /etc/docker/certs.d/${host}/ca.crt, or use --tls-verify=false`,
    cause: error,
  });
}

function noTlsError(host: string, error: unknown): RegistryError {
  return new RegistryError('unavailable', `${host} does not speak TLS`, {
    code: 'REGISTRY_NOT_TLS',
    hint: 'if that is meant to be so, use --tls-verify=false',
    cause: error,
  });
}

function said(error: unknown, code: string): string {
  return cleanText(messageOf(error), { maxLength: 200 }) || code;
}
