import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

test('bad input', { skip: noEngine }, async t => {
  await using daemon = await daemonOfOwn();
  const ask = (method: string, path: string, body?: string, type = 'application/json') =>
    answerOf(daemon.socket, { method, path, body, type });

  const refused: [string, string, string | undefined, number, RegExp][] = [
    ['POST', '/containers/create', '{', 400, /no valid JSON/],
    ['POST', '/containers/create', undefined, 400, /config cannot be empty/],
    ['POST', '/containers/create', '[]', 400, /must be an object/],
    ['POST', '/containers/create', '{"Image":3}', 400, /Image must be a string/],
    ['POST', '/containers/create', '{"__proto__":{"Image":"busybox"}}', 400, /no image/],
    ['POST', '/containers/create?name=../x', '{"Image":"busybox"}', 400, /name of a container/],
    ['POST', '/containers/create', '{"Image":"nosuch"}', 404, /nosuch/],
    ['POST', '/containers/create', `{"Image":"${'x'.repeat(17 * 1024 * 1024)}"}`, 413, /too large/i],
    ['GET', '/containers/%2e%2e%2f%2e%2e/json', undefined, 404, /No such container/],
    ['GET', '/containers/a%00b/json', undefined, 404, /No such container/],
    ['GET', '/containers/json?filters=nonsense', undefined, 400, /invalid filters/],
    ['GET', '/containers/json?filters={"nosuch":["1"]}', undefined, 400, /invalid filter 'nosuch'/],
    ['GET', '/containers/json?limit=many', undefined, 400, /whole number/],
    ['GET', '/v1.23/info', undefined, 400, /too old/],
    ['GET', '/v1.99/info', undefined, 400, /too new/],
    ['GET', '/nosuch', undefined, 404, /page not found/],
    ['DELETE', '/info', undefined, 404, /page not found/],
    ['POST', '/build?buildargs={', '', 400, /buildargs is no valid JSON/],
    ['POST', '/networks/create', '{}', 400, /no name/],
    ['POST', '/volumes/create', '{"Name":"../x"}', 400, /volume/],
    ['POST', '/exec/nosuch/start', '{}', 404, /No such exec/],
    ['GET', `/containers/${'x'.repeat(5000)}/json`, undefined, 414, /./],
  ];
  for (const [method, path, body, status, words] of refused) {
    await t.test(
      `${method} ${path.slice(0, 60)} ${body?.slice(0, 40) ?? ''} is refused with ${status}`,
      async () => {
        const answer = await ask(method, path, body);
        assert.equal(answer.status, status, answer.text);
        assert.match((JSON.parse(answer.text) as { message: string }).message, words);
      },
    );
  }

  await t.test('what is no HTTP is answered with 400 and hung up on', async () => {
    const socket = connect(daemon.socket);
    socket.write('nonsense\r\n\r\n');
    assert.match(String(await once(socket, 'data')), /^HTTP\/1.1 400/);
    await once(socket, 'close');
  });
});

interface Question {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly type: string;
}

function answerOf(
  socketPath: string,
  { method, path, body, type }: Question,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
    const asked = request(
      { socketPath, method, path: encodeURI(path).replaceAll('%25', '%'), headers },
      answer => {
        let text = '';
        answer.on('data', chunk => {
          text += chunk;
        });
        answer.on('end', () => {
          asked.off('error', reject).on('error', () => {}); // it may hang up before the whole body was sent
          resolve({ status: answer.statusCode ?? 0, text });
        });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}
