import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

type Json = { [name: string]: unknown };

/** moby's own description of the API, v1.51 (github.com/moby/moby, docs/api; Apache-2.0), as it was published. */
const contract = parse(
  readFileSync(join(import.meta.dirname, '../fixtures/docker-api/v1.51.yaml'), 'utf8'),
) as { definitions: Json; paths: Record<string, Record<string, { responses: Record<string, Json> }>> };

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema({ $id: 'docker', definitions: toJsonSchema(contract.definitions) });
const compiled = new Map<string, ValidateFunction>();

/** One answer of the API, as a client has read it; a stream of JSON lines is several bodies. */
export interface Answer {
  readonly method: string;
  /** Without the version, with the query. */
  readonly url: string;
  readonly status: number;
  readonly type: string;
  readonly bodies: readonly unknown[];
}

/** What is wrong with an answer by the contract; empty if nothing is. */
export function breachesOf({ method, url, status, bodies }: Answer): string[] {
  const path = (url.split('?')[0] ?? '').replace(/^\/v1\.\d+/, '');
  const found = operationOf(method.toLowerCase(), path);
  if (found === undefined) return status === 404 ? [] : [`${method} ${path} is not in the contract`];
  const [name, operation] = found;
  const response = operation.responses[String(status)];
  const known = status >= 400 ? { schema: { $ref: '#/definitions/ErrorResponse' } } : response;
  if (known === undefined) return [`${method} ${path}: the contract has no status ${status}`];
  if (known.schema === undefined || (known.schema as Json).format === 'binary') return [];
  const validate = validator(`${method} ${name} ${status}`, known.schema);
  return bodies.flatMap(body => {
    if (validate(body)) return [];
    return (validate.errors ?? [])
      .filter(({ instancePath }) => !isDockersOwn(name, instancePath, body))
      .map(({ instancePath, message }) => `${method} ${path} ${status}: ${instancePath} ${message}`);
  });
}

/** Where dockerd itself does not keep its contract, and clients rely on that: a command that has not ended has no code. */
function isDockersOwn(path: string, place: string, body: unknown): boolean {
  return path === '/exec/{id}/json' && place === '/ExitCode' && (body as Json).ExitCode === null;
}

/** Every operation of the contract, as `GET /containers/{id}/json`, with the statuses that it may be answered with. */
export const operations: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries(contract.paths).flatMap(([name, operations]) =>
    Object.entries(operations)
      .filter(([method]) => ['get', 'head', 'post', 'put', 'delete'].includes(method))
      .map(([method, { responses }]) => [
        `${method.toUpperCase()} ${name}`,
        Object.keys(responses).map(Number),
      ]),
  ),
);

/** The operation that a request is of; undefined: the contract has none. */
export function operationNameOf(method: string, path: string): string | undefined {
  const [name] = operationOf(method.toLowerCase(), path) ?? [];
  return name === undefined ? undefined : `${method} ${name}`;
}

function operationOf(
  method: string,
  path: string,
): [string, { responses: Record<string, Json> }] | undefined {
  const fits = Object.entries(contract.paths).filter(
    ([name, operations]) => method in operations && patternOf(name).test(path),
  );
  // A fixed path (`/containers/json`) is meant before one with a name in it.
  const [best] = fits.sort(
    ([a], [b]) => a.split('{').length - b.split('{').length || b.split('/').length - a.split('/').length,
  );
  const operation = best?.[1][method];
  return best === undefined || operation === undefined ? undefined : [best[0], operation];
}

function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '.+')}$`);
}

function validator(key: string, schema: unknown): ValidateFunction {
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const fresh = ajv.compile(toJsonSchema(schema) as Json);
  compiled.set(key, fresh);
  return fresh;
}

/** Swagger 2 as JSON schema: references lead to the contract, and `x-nullable` allows null. */
function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, example: _, ...rest } = schema as Json;
  if (typeof $ref === 'string') {
    const target = { $ref: `docker${$ref}` };
    return rest['x-nullable'] === true ? { anyOf: [target, { type: 'null' }] } : target;
  }
  const converted = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, toJsonSchema(value)]),
  );
  if (isNullable(rest)) {
    const { type, enum: values } = converted;
    if (typeof type === 'string') converted.type = [type, 'null'];
    if (Array.isArray(values)) converted.enum = [...values, null];
  }
  return converted;
}

/** Marked so by the contract. */
function isNullable(schema: Json): boolean {
  return schema['x-nullable'] === true;
}
