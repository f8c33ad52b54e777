import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatObject } from '../../src/cli/format/template.ts';
import { absentFieldOf } from '../../src/cli/inspect-fields.ts';

const facts = {
  Id: 'f',
  State: { Status: 'running' },
  Config: { Labels: { team: 'sea' }, Cmd: ['a'] },
  HostConfig: { LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } } },
  NetworkSettings: { Networks: { bridge: { IPAddress: '10.0.0.2', IPAMConfig: null } } },
};
const format = (text: string) => formatObject(facts, text, absentFieldOf(facts));

test('inspect -f prints for what docker leaves out what Go has for nothing', () => {
  const cases: readonly (readonly [format: string, text: string])[] = [
    ['{{.State.Health}} {{.Config.Healthcheck}} {{.HostConfig.Init}} {{.SizeRw}}', '<nil> <nil> <nil> <nil>'],
    ['[{{.Config.StopSignal}}] {{.Config.ExposedPorts}} {{.Config.Shell}}', '[] map[] []'],
    ['{{.HostConfig.Tmpfs}} {{.HostConfig.CpuCount}} {{.Config.NetworkDisabled}}', 'map[] 0 false'],
    ['{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}', 'none'],
    ['{{.Config.Labels.team}} {{.Config.Labels.nosuch}}', 'sea <no value>'],
    ['{{with .HostConfig.LogConfig.Config}}{{.nosuch}}{{end}}', '<no value>'],
    ['{{.NetworkSettings.Networks.nosuch}}', '<no value>'],
    ['{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.IPAMConfig}}{{end}}', '10.0.0.2 <nil>'],
    ['{{json .State}}', '{"Status":"running"}'],
  ];
  for (const [text, expected] of cases) assert.equal(format(text), `${expected}\n`, text);
});

test('inspect -f refuses fields that docker has nowhere, however deep', () => {
  for (const text of [
    '{{.Nope}}',
    '{{.State.Statsu}}',
    '{{with .State}}{{.Nope}}{{end}}',
    '{{.Config.Nope}}',
    '{{.HostConfig.LogConfig.Nope}}',
    '{{range .NetworkSettings.Networks}}{{.Nope}}{{end}}',
    '{{.State.Health.Status}}',
  ]) {
    assert.throws(() => format(text), { code: 'BAD_FORMAT' }, text);
  }
  assert.throws(() => format('{{.State.Statsu}}'), { hint: 'did you mean Status?' });
});
