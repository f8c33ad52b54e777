/**
 * A client of image registries (OCI distribution spec): resolve, fetch, push, with logins, certificates and proxies as
 * docker's. Knows no store.
 *
 *     using client = createRegistryClient({ env: process.env, config: readRegistriesConfig(process.env) });
 *     const { document } = await client.manifest(parseReference('docker.io/library/busybox:latest'));
 * @module
 */
export { createRegistryClient, type RegistryClientOptions } from './create-registry-client.ts';
export { type RegistriesConfig, readRegistriesConfig } from './registries-config.ts';
export { RegistryError } from './registry-error.ts';
export type {
  FetchedManifest,
  FoundRepository,
  PushableBlob,
  RegistryClient,
  TransferOptions,
} from './types.ts';
