import { isLoopback } from './http/loopback.ts';
import type { RegistriesConfig } from './registries-config.ts';

/** A place to ask for the images of a registry: addresses to try one after the other, and whose logins serve there. */
export interface Endpoint {
  readonly bases: readonly URL[];
  readonly domain: string;
}

/** The registry of a domain. With `plain`, also without TLS; on loopback, that needs no asking. */
export function endpointOf(domain: string, config: RegistriesConfig, plain: boolean): Endpoint {
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const secure = new URL(`https://${host}/v2/`);
  const open = plain || isLoopback(secure.hostname) || config.insecure.includes(domain);
  return { domain, bases: open ? [secure, new URL(`http://${host}/v2/`)] : [secure] };
}

/** The mirrors of a registry, in the order of the config. */
export function mirrorsOf(domain: string, config: RegistriesConfig): Endpoint[] {
  return (config.mirrors[domain] ?? []).map(text => {
    const url = new URL(text.includes('://') ? text : `https://${text}`);
    return { domain: url.host, bases: [new URL('v2/', url.href.endsWith('/') ? url : `${url.href}/`)] };
  });
}
