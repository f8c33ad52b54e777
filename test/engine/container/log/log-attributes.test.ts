import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandTag, logAttributes } from '../../../../src/engine/container/log/log-attributes.ts';
import type { ContainerRecord } from '../../../../src/engine/container/records.ts';
import type { LogSpec } from '../../../../src/engine/container/types.ts';

const container = {
  id: 'abcdef0123456789'.repeat(4),
  name: 'web',
  imageId: `sha256:${'0123456789abcdef'.repeat(4)}`,
  imageName: 'shop/web:2',
  resolved: {
    labels: { team: 'shop & co', 'com.example.part': 'front', other: 'x' },
    env: ['STAGE=prod', 'STAGE_TWO=a=b', 'HOME=/root'],
  },
} as unknown as ContainerRecord;

const attributesWith = (log: LogSpec | undefined) =>
  logAttributes({ ...container, spec: { image: '', ...(log === undefined ? {} : { log }) } });

test('logAttributes() are those that the options of the log name, sorted and escaped as docker does', () => {
  assert.equal(attributesWith(undefined), '');
  const options = { labels: 'team,nosuch', env: 'STAGE', tag: '{{.Name}}/{{ .ID }}' };
  assert.equal(
    attributesWith({ driver: 'json-file', options }),
    'STAGE=prod,tag=web%2Fabcdef012345,team=shop+%26+co',
  );
  const patterns = { 'labels-regex': '^com\\.', 'env-regex': '^STAGE' };
  assert.equal(
    attributesWith({ driver: 'json-file', options: patterns }),
    'STAGE=prod,STAGE_TWO=a%3Db,com.example.part=front',
  );
});

test('the journal has their names in its own way, and the tag elsewhere', () => {
  const options = { labels: 'com.example.part', tag: 'shop' };
  assert.equal(attributesWith({ driver: 'journald', options }), 'COM_EXAMPLE_PART=front');
});

test('expandTag() knows the words of docker', () => {
  const words = '{{.ImageName}} {{.ImageID}} {{.FullID}} {{.DaemonName}} plain';
  assert.equal(expandTag(words, container), `shop/web:2 0123456789ab ${container.id} docker plain`);
  assert.throws(() => expandTag('{{.ExtraAttributes nil}}', container), { code: 'LOG_OPTION_INVALID' });
});
