import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  parseTemplate,
  runTemplate,
  TemplateError,
  UnknownField,
} from '../../../src/lib/go-template/index.ts';

const data = {
  Name: '/web',
  State: { Running: true, ExitCode: 0, Status: 'running' },
  Mounts: [
    { Source: '/a', RW: true },
    { Source: '/b', RW: false },
  ],
  Config: { Labels: { team: 'sea', 'com.example.on': 'yes' }, Env: ['A=1', 'B=2'], Cmd: null },
  NetworkSettings: { Networks: { z: { IPAddress: '10.0.0.2' }, a: { IPAddress: '10.0.0.1' } }, Ports: {} },
  Size: 1234.5,
  Label: (name: unknown) => `label ${String(name)}`,
};
const run = (template: string) => runTemplate(parseTemplate(template), data);

/** Results as docker's own client prints them for the same template and data. */
const cases: readonly (readonly [template: string, result: string])[] = [
  ['{{.Name}}: {{.State.Status}}', '/web: running'],
  ['plain', 'plain'],
  ['{{.State.Running}} {{.State.ExitCode}} {{.Size}}', 'true 0 1234.5'],
  ['{{json .State}}', '{"Running":true,"ExitCode":0,"Status":"running"}'],
  ['{{range .Mounts}}{{.Source}},{{end}}', '/a,/b,'],
  ['{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}} {{$.Name}};{{end}}', '0=/a /web;1=/b /web;'],
  [
    '{{range $name, $net := .NetworkSettings.Networks}}{{$name}} {{$net.IPAddress}} {{end}}',
    'a 10.0.0.1 z 10.0.0.2 ',
  ],
  ['{{range .NetworkSettings.Ports}}x{{else}}none{{end}}', 'none'],
  ['{{range .Mounts}}{{if not .RW}}{{continue}}{{end}}{{.Source}}{{end}}', '/a'],
  ['{{range .Mounts}}{{.Source}}{{break}}{{end}}', '/a'],
  ['{{if .State.Running}}up{{else}}down{{end}}', 'up'],
  ['{{if eq .State.Status "exited" "dead"}}a{{else if gt .Size 1000.0}}b{{else}}c{{end}}', 'b'],
  ['{{if and .State.Running (eq .State.ExitCode 0)}}well{{end}}', 'well'],
  ['{{if .State.Health}}{{.State.Health.Status}}{{else}}unchecked{{end}}', 'unchecked'],
  ['{{with .Config}}{{index .Env 1}}{{end}}', 'B=2'],
  ['{{index .Config.Labels "com.example.on"}}', 'yes'],
  ['{{index .Config.Labels "absent"}}', ''],
  ['{{(index .Mounts 0).Source}}', '/a'],
  ['{{.Config.Labels}} {{.Config.Env}}', 'map[com.example.on:yes team:sea] [A=1 B=2]'],
  ['{{.Config.Cmd}} {{.Config.Absent}}', '<no value> <no value>'],
  ['{{join .Config.Env ";"}}', 'A=1;B=2'],
  ['{{range split "a,b" ","}}<{{.}}>{{end}}', '<a><b>'],
  ['{{.Name | upper | printf "%-6s|"}}', '/WEB  |'],
  ['{{printf "%s %d %q %5.1f %03d %%" .Name 7 "x\\n" .Size 7}}', '/web 7 "x\\n" 1234.5 007 %'],
  ['{{len .Mounts}} {{len .Name}}', '2 4'],
  ['{{slice .Name 1}} {{slice .Name 1 2}}', 'web w'],
  ['{{title "some words"}} {{pad "x" 1 2}}. {{truncate "abcdef" 3}}', 'Some Words  x  . abc'],
  ['{{println "a" 1}}{{print "a" "b"}}', 'a 1\nab'],
  ['{{print 1 2 "a" 3 4}} {{html "<a>"}} {{urlquery "a b"}} {{js "a\\"b"}}', '1 2a3 4 &lt;a&gt; a+b a\\"b'],
  ['a {{- .Name -}} b {{- /* said */ -}} c', 'a/webbc'],
  ['{{/* nothing */}}x', 'x'],
  ['{{$a := 1}}{{if true}}{{$a = 2}}{{$b := 3}}{{end}}{{$a}}', '2'],
  ['{{.Label "team"}}', 'label team'],
  ['{{"quoted \\"x\\" \\u00e9"}}{{`raw \\n`}}', 'quoted "x" éraw \\n'],
  ['{{or .Config.Cmd "sh"}} {{and 1 0}} {{not 0}} {{ne 1 2}} {{lt "a" "b"}}', 'sh 0 true true true'],
];

describe('a Go template', () => {
  for (const [template, result] of cases) {
    test(template, () => assert.equal(run(template), result));
  }

  test('of an unknown field is refused with those that there are', () => {
    assert.throws(
      () => run('{{.Nmae}}'),
      error => error instanceof UnknownField && error.field === 'Nmae' && error.fields.includes('Name'),
    );
  });

  const wrong: readonly (readonly [template: string, message: RegExp])[] = [
    ['{{.Name', /not closed/],
    ['{{if .Name}}x', /no \{\{end\}\}/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{else}}', /unexpected \{\{else\}\}/],
    ['{{}}', /empty/],
    ['{{nope .Name}}', /no function "nope"/],
    ['{{$x}}', /no variable \$x/],
    ['{{(.Name}}', /parenthesis/],
    ['{{.Name 1}}', /takes no arguments/],
    ['{{.Name.More}}', /has no field "More"/],
    ['{{.State.Health.Status}}', /nil has no field "Status"/],
    ['{{index .Mounts 5}}', /out of range/],
    ['{{template "x"}}', /not supported/],
    ['{{if .Name}}a{{else}}b{{else}}c{{end}}', /no \{\{end\}\}/],
    ['{{upper 1}}', /wants a text/],
    ['{{.Name ; }}', /unexpected ";"/],
  ];
  for (const [template, message] of wrong) {
    test(`${template} is refused`, () =>
      assert.throws(
        () => run(template),
        error => error instanceof TemplateError && message.test(error.message),
      ));
  }
});
