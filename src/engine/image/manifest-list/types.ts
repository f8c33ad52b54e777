import type { Descriptor, Platform } from '../../../oci/index.ts';
import type { RegistryAccess } from '../../registry/index.ts';
import type { TransferProgress } from '../transfer-types.ts';

/** One image of an index in the making: one that is here, or one in a registry. */
export interface ManifestMember {
  /** Id of an image that is here: its manifest is made when it is pushed. */
  readonly image?: string;
  /** Repository and manifest of one that is not. */
  readonly remote?: { readonly repository: string; readonly descriptor: Descriptor };
  /** As it was named when it was added. */
  readonly name: string;
  readonly platform: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index in the making: images of several platforms under one name. */
export interface ManifestList {
  /** Full reference. */
  readonly name: string;
  readonly members: readonly ManifestMember[];
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Transfer extends RegistryAccess {
  readonly signal?: AbortSignal | undefined;
}

export interface AddManifestRequest extends Transfer {
  /** An image that is here, else one in a registry. */
  readonly image: string;
  /** Every image of the registry's index, not only that for the platform. */
  readonly all?: boolean;
  /** Which one of the registry's index; for an image that is here: what the index shall say. */
  readonly platform?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AnnotateRequest {
  /** A member: its name, or the beginning of its id or digest. None: the index itself. */
  readonly member?: string;
  readonly platform?: Partial<Platform>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PushManifestRequest extends Transfer {
  /** Where to, if not to where its name says. */
  readonly destination?: string;
  readonly onProgress?: ((event: TransferProgress) => void) | undefined;
}

/** Indexes of images for several platforms. `name` is a reference. */
export interface ManifestService {
  /** Throws `conflict` if there is one, unless `replace`. */
  create(name: string, options?: { readonly replace?: boolean }): ManifestList;
  list(): ManifestList[];
  /** Throws `not-found` (`MANIFEST_NOT_FOUND`). */
  get(name: string): ManifestList;
  /** Adds an image; one for the same platform is replaced. */
  add(name: string, request: AddManifestRequest): Promise<ManifestList>;
  annotate(name: string, request: AnnotateRequest): ManifestList;
  /** Takes a member away. */
  drop(name: string, member: string): ManifestList;
  remove(name: string): void;
  /** Sends the images that the registry does not have, then the index. Returns its digest. */
  push(
    name: string,
    request?: PushManifestRequest,
  ): Promise<{ reference: string; digest: string; size: number }>;
  /** The manifest or index that a registry has under a name, as it is. */
  fetch(name: string, access?: Transfer): Promise<{ mediaType: string; digest: string; document: unknown }>;
}
