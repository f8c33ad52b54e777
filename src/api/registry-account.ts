import { badRequest, JsonFields } from '../wire/index.ts';

/** The account in docker's `X-Registry-Auth` header: JSON in base64url; undefined where there is none in it. */
export function registryAccount(header: string | string[] | undefined): {
  readonly account?: { readonly username: string; readonly password: string };
} {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badRequest('the header X-Registry-Auth is no JSON in base64');
  }
  const fields = new JsonFields(parsed, 'X-Registry-Auth');
  const [username, password] = [fields.words('username'), fields.words('password')];
  if (username === undefined || password === undefined) return {};
  return { account: { username, password } };
}
