import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorKind, PlimsollError } from '../../src/errors.ts';
import { dockerMessage } from '../../src/words/index.ts';

function said(kind: ErrorKind, message: string): string {
  return dockerMessage(new PlimsollError(kind, message, { code: 'X' }));
}

test('what is not there, and a name that is taken, are said as docker does', () => {
  assert.equal(said('not-found', 'there is no container "web"'), 'No such container: web');
  assert.equal(said('not-found', 'there is no image "web"'), 'No such image: web:latest');
  assert.equal(said('not-found', 'there is no image "host:5000/web"'), 'No such image: host:5000/web:latest');
  assert.equal(said('not-found', 'there is no image "web:1"'), 'No such image: web:1');
  assert.equal(said('not-found', 'there is no volume "files"'), 'get files: no such volume');
  assert.equal(said('not-found', 'there is no network "back"'), 'network back not found');
  assert.match(
    said('conflict', 'the name "web" is taken by the container 0123456789ab'),
    /^Conflict\. The container name "\/web" is already in use by container "0123456789ab"\. /,
  );
  assert.equal(said('not-found', 'there is no file "x"'), 'there is no file "x"');
  assert.equal(said('internal', 'there is no container "web"'), 'there is no container "web"');
});
