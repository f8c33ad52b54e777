import { PlimsollError } from '../errors.ts';
import { apiVersion, minApiVersion } from '../wire/index.ts';

const prefix = /^\/v(\d+)\.(\d+)(?=[/?]|$)/;

/** A path without the version before it. */
export function withoutVersion(url: string): string {
  const rest = url.replace(prefix, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * The same, with names of images as one part of the path: docker's clients leave the slashes in them as they are
 * (`/images/team/web/json`).
 */
export function routedPath(method: string | undefined, url: string): string {
  const [path = '/', query] = withoutVersion(url).split(/\?(.*)/s);
  const [, head, name, tail = ''] =
    /^(\/images\/)(.+)(\/(?:json|history|push|tag|get))$/.exec(path) ??
    /^(\/distribution\/)(.+)(\/json)$/.exec(path) ??
    (method === 'DELETE' ? /^(\/images\/)(.+)$/.exec(path) : null) ??
    [];
  const routed = head === undefined || name === undefined ? path : `${head}${asOnePart(name)}${tail}`;
  return query === undefined ? routed : `${routed}?${query}`;
}

function asOnePart(name: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(name));
  } catch {
    return encodeURIComponent(name);
  }
}

/** The minor version that a path asks for (24 to 51); the newest if it names none. Throws for any other. */
export function minorVersionOf(url: string): number {
  const [, major, minor] = prefix.exec(url) ?? [];
  if (major === undefined) return minorOf(apiVersion);
  const asked = `${major}.${minor}`;
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < minorOf(minApiVersion))) {
    throw unserved(`client version ${asked} is too old. Minimum supported API version is ${minApiVersion}`);
  }
  if (Number(major) > 1 || Number(minor) > minorOf(apiVersion)) {
    throw unserved(`client version ${asked} is too new. Maximum supported API version is ${apiVersion}`);
  }
  return Number(minor);
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

function unserved(message: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'API_VERSION' });
}
