import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** A body that can be sent again from its beginning. */
export interface SendableBody {
  readonly length: number;
  open(): Readable;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | SendableBody;
  readonly signal?: AbortSignal;
}

/** An answer whose body is still to be read (or destroyed). */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly body: Readable;
}

/** Sends requests, over connections that are kept until it is disposed of. Knows nothing of registries. */
export interface Transport extends Disposable {
  /** Rejects with a `RegistryError` if there is no answer, `cancelled` if the signal fired. Follows no redirect. */
  send(request: HttpRequest): Promise<HttpAnswer>;
}
