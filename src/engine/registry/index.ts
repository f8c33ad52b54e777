/**
 * A client of image registries (OCI distribution spec): resolve, fetch, push, with logins, certificates and proxies as
 * docker's. Knows no store.
 *
 *     const registries = createRegistryService({ env: process.env });
 *     using client = await registries.client();
 *     const { document } = await client.manifest(parseReference('docker.io/library/busybox:latest'));
 * @module
 */
export { createRegistryClient, type RegistryClientOptions } from './create-registry-client.ts';
export {
  createRegistryService,
  findCredential,
  type LoginRequest,
  type Registries,
  type RegistriesOptions,
  type RegistryAccess,
  type RegistryService,
} from './create-registry-service.ts';
export type { RegistriesConfig } from './registries-config.ts';
export { RegistryError } from './registry-error.ts';
export type {
  FetchedManifest,
  FoundRepository,
  PushableBlob,
  RegistryClient,
  RemoteManifest,
  TransferOptions,
} from './types.ts';
