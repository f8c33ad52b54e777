import { isPlimsollError, messageOf } from '../errors.ts';

/**
 * What went wrong, as docker says it where scripts and tools look for its words: something that is not there, a name that
 * is taken. All else in our own words.
 */
export function dockerMessage(error: unknown): string {
  const message = messageOf(error);
  if (isPlimsollError(error, 'not-found')) {
    const [, kind = '', name = ''] = /^there is no (\w+) "([^"]*)"$/.exec(message) ?? [];
    return absent[kind]?.(name) ?? message;
  }
  const [, name, holder] = /^the name "([^"]*)" is taken by the container (\w+)$/.exec(message) ?? [];
  if (name === undefined) return message;
  return `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`;
}

const absent: Readonly<Record<string, (name: string) => string>> = {
  container: name => `No such container: ${name}`,
  object: name => `No such object: ${name}`,
  image: name =>
    `No such image: ${/[:@][^/]*$/.test(name) || /^[0-9a-f]{12,64}$/.test(name) ? name : `${name}:latest`}`,
  volume: name => `get ${name}: no such volume`,
  network: name => `network ${name} not found`,
};
